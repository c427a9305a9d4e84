//! `$sync->a['b'][] = 1`, `$sync->n += 1`, `unset($sync->a['b'])`, to any depth, each as one step
//! to all other processes.
//!
//! The engine takes such a statement apart: it fetches `a` "for writing", then `['b']` of what it
//! got, and so on, and acts on the last. There is no place in this process that it could act on, so
//! what it gets here is a [`Place`]: an internal object that knows the way to a value. The engine
//! passes an operation on an object to the object's handlers; the one that ends the statement reads
//! the value, walks the way, acts, and stores the value again, while other writers are kept out
//! ([`alone`]). Nothing is held between handlers.
//!
//! Compound operators (`+=`, `.=`, `++`) end in the handler `do_operation`, which gets the operand
//! and may run user code (`__toString`). Where the engine would then write the result back, it is
//! told that this has happened already ([`Echo`]).

use std::cell::{Cell, RefCell, UnsafeCell};
use std::mem::{ManuallyDrop, offset_of};
use std::os::raw::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::ffi::{
    self, BP_VAR_R, BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W, IS_DOUBLE, IS_LONG, IS_OBJECT, IS_STRING, zend_class_entry,
    zend_execute_data, zend_object, zend_object_handlers, zend_op, zend_string, zval,
};
use ext_php_rs::flags::ClassFlags;

use super::GLOBALS;
use super::access::{self, Encoded, Known, Stop};
use super::errors::{self, contain};
use super::exclusive::{Standing, Turn, after_parent, alone};
use super::handlers;
use super::object::{SyncObject, offset_name};
use super::operation::{self, Due, Operation, Operator};
use super::patch;
use super::place::{self, Act, Key, Onward, Step};
use super::value::scalar;
use super::zend::{self, Alive, Str, Thrown};
use crate::store::{self, ErrorKind, Found, Seen, Store};

/// The instruction that runs, where it is one of user code.
#[derive(Clone, Copy)]
pub struct Instruction {
    frame: *mut zend_execute_data,
    op: *const zend_op,
}

impl Instruction {
    /// The instruction that the engine is at, if user code is what runs.
    pub fn current() -> Option<Self> {
        // SAFETY: the engine keeps the frame that runs.
        unsafe { Self::of((*zend::executor()).current_execute_data) }
    }

    /// The instruction that a frame is at, if it is one of user code.
    ///
    /// # Safety
    /// `frame` is null or one of the engine's frames.
    pub unsafe fn of(frame: *mut zend_execute_data) -> Option<Self> {
        // SAFETY: valid by contract; a frame keeps its instruction.
        unsafe {
            if frame.is_null() || (*frame).func.is_null() || (*(*frame).func).type_ & 1 != 0 {
                return None;
            }
            let op = (*frame).opline;
            (!op.is_null()).then_some(Self { frame, op })
        }
    }

    /// Whether it is the beginning of `foreach ($x as &$value)`.
    pub fn loops_by_reference(&self) -> bool {
        self.code() == ffi::ZEND_FE_RESET_RW
    }

    fn op(&self) -> &zend_op {
        // SAFETY: an instruction of the code that runs.
        unsafe { &*self.op }
    }

    /// Which instruction it is.
    fn code(&self) -> u32 {
        u32::from(self.op().opcode)
    }

    /// The variable of this frame at an offset.
    unsafe fn variable(&self, offset: u32) -> *mut zval {
        // SAFETY: callers pass an offset that the compiler made for this frame.
        unsafe { self.frame.cast::<u8>().add(offset as usize).cast() }
    }

    /// The value that `$x->n += value` adds: it stands in the instruction that follows.
    unsafe fn operand(&self) -> Option<*mut zval> {
        // SAFETY: an instruction of this kind is followed by one that carries its data.
        unsafe {
            let data = self.op.add(1);
            let value = match u32::from((*data).op1_type) {
                ffi::IS_CONST => data.cast::<u8>().offset((*data).op1.constant as i32 as isize).cast_mut().cast(),
                ffi::IS_TMP_VAR | ffi::IS_VAR | ffi::IS_CV => self.variable((*data).op1.var),
                _ => return None,
            };
            Some(zend::deref(value))
        }
    }

    /// Whether the variable that it takes an object from holds none any more: the engine would look
    /// at it again.
    pub fn has_lost_its_object(&self) -> bool {
        let op = self.op();
        // SAFETY: an operand that is a variable of this frame.
        u32::from(op.op1_type) == ffi::IS_CV
            && unsafe { zend::kind(zend::deref(self.variable(op.op1.var))) != IS_OBJECT }
    }

    /// What a direct operator does to a property or element; `None` if it is none.
    fn operator(&self) -> Option<Operator> {
        match self.code() {
            ffi::ZEND_PRE_INC_OBJ | ffi::ZEND_PRE_INC => Some(Operator::Increment { give_old: false }),
            ffi::ZEND_POST_INC_OBJ | ffi::ZEND_POST_INC => Some(Operator::Increment { give_old: true }),
            ffi::ZEND_PRE_DEC_OBJ | ffi::ZEND_PRE_DEC => Some(Operator::Decrement { give_old: false }),
            ffi::ZEND_POST_DEC_OBJ | ffi::ZEND_POST_DEC => Some(Operator::Decrement { give_old: true }),
            ffi::ZEND_ASSIGN_OBJ_OP | ffi::ZEND_ASSIGN_DIM_OP => Some(Operator::Binary(self.op().extended_value)),
            _ => None,
        }
    }
}

/// What a statement does at the end of its steps. Whoever gives it back has not done it.
pub enum Deed<'o> {
    /// Puts a value there.
    Assign(*mut zval),
    /// Applies an operator to what is there.
    Operate(Due<'o>),
    /// Removes what is there.
    Unset,
}

impl<'o> Deed<'o> {
    /// To be done now, while others are kept out.
    fn during(self, turn: &Turn) -> Act<'o> {
        match self {
            Self::Assign(value) => Act::Assign(value),
            Self::Operate(due) => Act::Operate(due.during(turn)),
            Self::Unset => Act::Unset,
        }
    }

    /// Not now, after all.
    fn put_off(act: Act<'o>) -> Self {
        match act {
            Act::Assign(value) => Self::Assign(value),
            Act::Operate(operation) => Self::Operate(operation.put_off()),
            Act::Unset => Self::Unset,
        }
    }

    /// How the engine fetches what stands before it.
    fn fetch(&self) -> u32 {
        match self {
            Self::Assign(_) => BP_VAR_W,
            Self::Operate(_) => BP_VAR_RW,
            Self::Unset => BP_VAR_UNSET,
        }
    }

    /// What it will have done.
    fn done(&mut self) -> Done {
        match self {
            Self::Assign(value) => Done::Put(*value),
            Self::Operate(due) => Done::Operated(due.operation()),
            Self::Unset => Done::Removed,
        }
    }
}

/// What a statement has done at the end of its steps.
#[derive(Clone, Copy)]
enum Done {
    Put(*mut zval),
    Operated(*mut Operation),
    Removed,
}

/// What came of trying to do it one way.
#[must_use]
pub enum Tried<'o> {
    Done,
    /// This is not the way, and it has not been done.
    Left(Deed<'o>),
}

/// Acts in the depth of the value of `name`, as one step to all others.
///
/// # Safety
/// The object and the values in `deed` are valid, and held by the caller.
pub unsafe fn change(this: &SyncObject, name: &Str, steps: &[Step], deed: Deed) -> Result<(), Thrown> {
    if let ([], Deed::Unset) = (steps, &deed) {
        // SAFETY: valid by contract; the handler is one of ours.
        unsafe {
            if let Some(unset) = (*(*this.zend()).handlers).unset_property {
                unset(this.zend(), name.as_ptr(), ptr::null_mut());
            }
        }
        return zend::check();
    }
    // SAFETY: valid by contract.
    unsafe {
        let deed = if this.overrides.accessors() {
            deed
        } else {
            match patch::change(this, name, steps, deed)? {
                Tried::Done => return Ok(()),
                Tried::Left(deed) => deed,
            }
        };
        match alone(this, |turn| compute(turn, name, steps, deed))? {
            None => Ok(()),
            Some(Onward { handle, step, rest, act }) => {
                change_element(SyncObject::of(handle.object()), step, rest, Deed::put_off(act))
            }
        }
    }
}

/// Acts in the depth of what a step leads to in a store.
unsafe fn change_element(this: &SyncObject, step: &Step, rest: &[Step], deed: Deed) -> Result<(), Thrown> {
    // SAFETY: as for `change`.
    unsafe {
        match step {
            Step::Property(name) => change(this, name, rest, deed),
            Step::Element(key) => change(this, &offset_name(this, key.as_ptr(), deed.fetch())?, rest, deed),
            Step::Append => change_next(this, rest, deed),
        }
    }
}

/// Acts in the depth of a new value, under the next free number.
unsafe fn change_next(this: &SyncObject, steps: &[Step], deed: Deed) -> Result<(), Thrown> {
    // SAFETY: as for `change`.
    unsafe {
        match (steps, deed) {
            ([], Deed::Assign(value)) if !this.overrides.accessors() => access::append(this, value),
            // From finding the number to taking it, nobody else may take it.
            (steps, deed) => alone(this, |_| change(this, &access::next_number(this)?, steps, deed)),
        }
    }
}

/// Reads the value of `name`, acts in it, and stores it, while others are kept out. What lies behind a handle is
/// left to the caller, who keeps nobody out any more.
unsafe fn compute<'o, 's>(
    turn: &Turn,
    name: &Str,
    steps: &'s [Step],
    mut deed: Deed<'o>,
) -> Result<Option<Onward<'o, 's>>, Thrown> {
    let this = turn.object();
    let mut value = zend::empty();
    // SAFETY: valid by contract; the value is this frame's own.
    unsafe {
        let mut known = get(this, name, &raw mut value)?;
        for _ in 0..MERGES {
            if access::patiently(this, |store| known.is_newest(store, name.bytes()))? {
                break;
            }
            // Reading it has run user code, which has changed it.
            zend::release(&raw mut value);
            known = get(this, name, &raw mut value)?;
        }
        // The cache lets go of it, so that an array is changed in place, not copied.
        this.cache().forget(name.as_ptr());
        let done = deed.done();
        let acted = place::act(&raw mut value, steps, deed.during(turn))?;
        if acted.changed {
            Made { name, known, steps, done }.store(turn, &raw mut value, MERGES)?;
        }
        Ok(acted.onward)
    }
}

/// What a statement has made of a value, on its way back to the store.
struct Made<'s> {
    name: &'s Str,
    /// What it was made of.
    known: Known,
    /// Where in it the statement has acted.
    steps: &'s [Step],
    done: Done,
}

/// How often a value is looked at again that user code has changed meanwhile, before it is written over.
const MERGES: u32 = 3;

impl Made<'_> {
    /// Stores it.
    ///
    /// User code that has run for the statement may have changed the same value, destroyed the store or called
    /// `setFile()`. What it wrote into an array or an object stays, beside what the statement has put there. Where it has
    /// put something else in its place, that stays, as with any array. Where user code has a say in the way, it is not asked
    /// again: what it wrote is overwritten.
    ///
    /// It may also have forked. The statement is then the parent's, which is in the middle of it; the child
    /// does it only where the parent has not.
    unsafe fn store(&self, turn: &Turn, value: *mut zval, merges: u32) -> Result<(), Thrown> {
        let (this, name) = (turn.object(), self.name.as_ptr());
        // SAFETY: callers hold all of it, and pass a value that is theirs.
        unsafe {
            // Methods of the class, or else bytes that are ready to be stored.
            let encoded = if this.overrides.accessors() { None } else { Some(Encoded::of(this, name, value)?) };
            let put = |may: &dyn Fn(&Store) -> store::Result<bool>| match &encoded {
                Some(encoded) => encoded.store(this, name, value, may).map(|stored| stored.is_some()),
                None if access::patiently(this, may)? => put(this, self.name, value).map(|()| true),
                None => Ok(false),
            };
            let is_newest = |store: &Store| self.is_newest(store);
            match turn.standing() {
                Standing::Forked => {
                    // (Whether methods of the class have stored something nobody else can tell.)
                    let is_left = |store: &Store| Ok(encoded.is_some() && self.is_newest(store)?);
                    return after_parent(this, |_| put(&is_left)).map(drop);
                }
                Standing::Kept if put(&is_newest)? => return Ok(()),
                Standing::Kept | Standing::Ended => {}
            }
            let steps = GLOBALS.get().buffers.park(place::settled(self.steps));
            if merges == 0 || !place::leads_plainly(value, &steps, &mut |_| Ok(()))? {
                return put(&|_| Ok(true)).map(drop);
            }
            alone(this, |turn| self.merge(turn, &steps, merges - 1))
        }
    }

    /// Whether the value in the store is the one that it was made of.
    fn is_newest(&self, store: &Store) -> store::Result<bool> {
        self.known.is_newest(store, self.name.bytes())
    }

    /// Puts the result into what is there now.
    unsafe fn merge(&self, turn: &Turn, steps: &[Step], merges: u32) -> Result<(), Thrown> {
        let Self { name, done, .. } = *self;
        let this = turn.object();
        let mut value = zend::empty();
        // SAFETY: as for `store`; the value is this frame's own.
        unsafe {
            let known = get(this, name, &raw mut value)?;
            this.cache().forget(name.as_ptr());
            let mut follow = |newer: *const zval| match done {
                Done::Operated(operation) => (*operation).follow(newer),
                Done::Put(_) | Done::Removed => Ok(()),
            };
            if !place::leads_plainly(&raw mut value, steps, &mut follow)? {
                return Ok(());
            }
            let act = match done {
                Done::Put(value) => Act::Assign(value),
                Done::Operated(operation) => Act::Assign((*operation).new_value()),
                Done::Removed => Act::Unset,
            };
            place::act(&raw mut value, steps, act)?;
            Made { name, known, steps, done }.store(turn, &raw mut value, merges)
        }
    }
}

/// Reads the value of `name`, by what the object's class overrides; tells what it is known by.
///
/// # Safety
/// All are valid, and held by the caller; `into` is overwritten.
pub unsafe fn get(this: &SyncObject, name: &Str, into: *mut zval) -> Result<Known, Thrown> {
    let object = this.zend();
    // SAFETY: valid by contract.
    unsafe {
        match (*(*object).handlers).read_property {
            Some(read) if this.overrides.accessors() => {
                let mut returned = zend::empty();
                let value = read(object, name.as_ptr(), BP_VAR_R as c_int, ptr::null_mut(), &raw mut returned);
                zend::copy(into, zend::deref(value));
                zend::check()?;
                // What its methods have made of it, if they keep it under the same name.
                access::look_up(this, name.bytes())
            }
            _ => access::look(this, name.as_ptr(), into),
        }
    }
}

/// Stores the value of `name`, by what the object's class overrides.
///
/// # Safety
/// All are valid, and held by the caller.
unsafe fn put(this: &SyncObject, name: &Str, value: *mut zval) -> Result<(), Thrown> {
    let object = this.zend();
    // SAFETY: valid by contract.
    unsafe {
        match (*(*object).handlers).write_property {
            Some(write) if this.overrides.accessors() => {
                write(object, name.as_ptr(), value, ptr::null_mut());
                zend::check()
            }
            _ => access::write(this, name.as_ptr(), value),
        }
    }
}

/// The Sync object in a place, where a step from it leads into its store, not to a property that its
/// class declares.
///
/// # Safety
/// `place` holds a valid value, and keeps it while the result is used.
pub unsafe fn handle<'a>(place: *mut zval, step: &Step) -> Option<&'a SyncObject> {
    // SAFETY: valid by contract.
    unsafe {
        if !SyncObject::is_one(place) {
            return None;
        }
        let this = SyncObject::of((*place).value.obj);
        let shared = match step {
            Step::Property(name) => !handlers::declares(this, name.as_ptr()),
            // Its class does as it likes with these.
            _ => !this.overrides.offsets,
        };
        shared.then_some(this)
    }
}

// ---- what handlers of Sync and of places have in common ------------------------------------------

/// What a fetch of a property or element is for.
pub enum Fetch {
    /// To be changed further inside: a place is wanted.
    Place,
    /// The compound operator that runs wants the value: a place is wanted that operates.
    Operand,
    /// Just the value.
    Value,
}

/// Finds out what `read_property` is called for. Throws where a reference is wanted.
///
/// `way`: what leads to the object, for the message.
///
/// # Safety
/// `name` is valid.
pub unsafe fn property_fetch(
    kind: c_int,
    name: *mut zend_string,
    way: impl FnOnce() -> String,
) -> Result<Fetch, Thrown> {
    if !matches!(kind as u32, BP_VAR_W | BP_VAR_RW | BP_VAR_UNSET) {
        return Ok(Fetch::Value);
    }
    let Some(instruction) = Instruction::current() else { return Ok(Fetch::Value) };
    // SAFETY: valid by contract.
    let no_reference = || no_reference(&(way() + &Step::Property(unsafe { Str::share(name) }).to_string()));
    match instruction.code() {
        ffi::ZEND_FETCH_OBJ_FUNC_ARG | ffi::ZEND_ASSIGN_OBJ_REF => Err(no_reference()),
        ffi::ZEND_FETCH_OBJ_W | ffi::ZEND_FETCH_OBJ_RW | ffi::ZEND_FETCH_OBJ_UNSET => {
            if instruction.op().extended_value & ffi::ZEND_FETCH_OBJ_FLAGS == ffi::ZEND_FETCH_REF {
                return Err(no_reference());
            }
            Ok(Fetch::Place)
        }
        _ => Ok(Fetch::Value),
    }
}

/// Whether a compound operator on an element is what runs: `$x['n'] += 1`.
pub fn is_operator() -> bool {
    Instruction::current().is_some_and(|instruction| instruction.code() == ffi::ZEND_ASSIGN_DIM_OP)
}

/// Finds out what `read_dimension` is called for. Throws where a reference is wanted.
///
/// `way`: what leads to the object, for the message.
///
/// # Safety
/// `offset` is valid or null.
pub unsafe fn element_fetch(kind: c_int, offset: *mut zval, way: impl FnOnce() -> String) -> Result<Fetch, Thrown> {
    let Some(instruction) = Instruction::current() else { return Ok(Fetch::Value) };
    // SAFETY: valid by contract.
    let no_reference = || no_reference(&(way() + &unsafe { element(offset) }.to_string()));
    match (kind as u32, instruction.code()) {
        (BP_VAR_R, ffi::ZEND_ASSIGN_DIM_OP) => Ok(Fetch::Operand),
        (BP_VAR_W, ffi::ZEND_FETCH_DIM_FUNC_ARG | ffi::ZEND_FETCH_LIST_W) => Err(no_reference()),
        (
            BP_VAR_W | BP_VAR_RW | BP_VAR_UNSET,
            ffi::ZEND_FETCH_DIM_W | ffi::ZEND_FETCH_DIM_RW | ffi::ZEND_FETCH_DIM_UNSET,
        ) => {
            if instruction.op().extended_value == ffi::ZEND_FETCH_DIM_REF {
                return Err(no_reference());
            }
            Ok(Fetch::Place)
        }
        _ => Ok(Fetch::Value),
    }
}

/// `what`: `->x` or `['x']`.
#[cold]
fn no_reference(what: &str) -> Thrown {
    errors::throw_error(&format!(
        "Cannot make a reference to {what} in a Sync object, which lives in shared memory: copy it, change the copy and assign that: $copy = $sync{what}; …; $sync{what} = $copy; (between lock() and unlock() where others write it, too)"
    ))
}

/// `$sync->n++`, `$sync->n += 1`, … by way of `get_property_ptr_ptr(BP_VAR_RW)`; null where the
/// instruction is none of these.
///
/// Where nobody can notice it (numbers, mostly), the whole of it is done here, and the engine
/// repeats it on a scratch copy of the old value, for its own result. Else the scratch value is a
/// place, whose `do_operation` the engine calls.
///
/// # Safety
/// The object and the name are valid; `slot` is the engine's, or null.
pub unsafe fn operate(root: *mut zend_object, name: *mut zend_string, slot: *mut *mut c_void) -> *mut zval {
    let Some(instruction) = Instruction::current() else { return ptr::null_mut() };
    let Some(operator) = instruction.operator() else { return ptr::null_mut() };
    // SAFETY: valid by contract. The scratch value is the thread's, and stays until it is used again.
    unsafe {
        forget_type(slot);
        let scratch = GLOBALS.get().scratch.get();
        zend::release(scratch);
        let this = SyncObject::of(root);
        let operand = match operator {
            Operator::Binary(_) => instruction.operand(),
            _ => Some(zend::uninitialized()),
        };
        if let Some(operand) = operand
            && operation::is_scalar(operand)
            && !this.overrides.accessors()
        {
            let _alive = this.hold();
            let name = Str::share(name);
            match operate_on_known_number(this, &name, operator, operand, scratch) {
                Ok(true) => return scratch,
                Ok(false) => {}
                Err(Thrown) => return zend::error_zval(),
            }
            match operate_on_scalar(this, &name, operator, operand, scratch) {
                Ok(true) => return scratch,
                Ok(false) => zend::release(scratch),
                Err(Thrown) => return zend::error_zval(),
            }
        }
        let place = Place::make(root, Some(Str::share(name)), Vec::new());
        (*scratch).value.obj = place;
        (*scratch).u1.type_info = ffi::IS_OBJECT_EX;
        scratch
    }
}

/// How often a compare and swap is tried again because another process was faster, before the other writers
/// are kept out.
pub const ATTEMPTS: usize = 20;

/// The same as [`operate_on_scalar`], where that is next to nothing: the cache knows a number, and nobody was faster.
#[inline(always)]
unsafe fn operate_on_known_number(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: *mut zval,
    scratch: *mut zval,
) -> Result<bool, Thrown> {
    // SAFETY: the caller holds all; numbers are not counted. Nothing runs between looking at the entry and storing.
    unsafe {
        let Some(entry) = this.cache().find(name.as_ptr()) else { return Ok(false) };
        let mut seen = entry.seen;
        let mut value = ManuallyDrop::new(zend::empty());
        zend::copy_value(&raw mut *value, &raw const entry.value);
        if !operator.apply_to_number(&raw mut *value, operand)? {
            return Ok(false);
        }
        zend::copy_value(scratch, &raw const entry.value);
        let Some(number) = scalar::small(&value) else { return Ok(false) };
        Ok(matches!(put_if_unchanged(this, name, number.bytes(), &mut seen, &raw const *value), Swap::Done))
    }
}

/// Does all of an operator on a number or a short string, where nobody can notice that ([`Operator::silently`]), by
/// compare and swap, and leaves the old value in `scratch`. False: this is not the way; nothing has happened.
#[inline(never)]
unsafe fn operate_on_scalar(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: *const zval,
    scratch: *mut zval,
) -> Result<bool, Thrown> {
    let mut held = zend::empty();
    // SAFETY: the caller holds all but the operand, which is held here: waiting may run signal handlers.
    unsafe {
        zend::copy(&raw mut held, operand);
        let operand = &raw const held;
        let swapped = match swap_scalar(this, name, operator, operand, scratch)? {
            Swap::Lost => alone(this, |_| swap_scalar(this, name, operator, operand, scratch))?,
            swapped => swapped,
        };
        // (While others are kept out nobody is faster.)
        Ok(matches!(swapped, Swap::Done))
    }
}

/// What came of a compare and swap.
enum Swap {
    Done,
    /// This is not the way.
    Impossible,
    /// Others were faster.
    Lost,
}

/// As [`operate_on_scalar`]; nobody is kept out. Runs no user code but signal handlers.
unsafe fn swap_scalar(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: *const zval,
    scratch: *mut zval,
) -> Result<Swap, Thrown> {
    // SAFETY: as for `operate_on_scalar`. Nothing runs between looking at the entry and storing.
    unsafe {
        for _ in 0..ATTEMPTS {
            let Some(entry) = this.cache().find(name.as_ptr()) else {
                if look_at_scalar(this, name)? { continue } else { return Ok(Swap::Impossible) }
            };
            let mut seen = entry.seen;
            let old = &raw const entry.value;
            let mut new = ManuallyDrop::new(zend::empty());
            if !is_short(old) || !operator.silently(old, operand, &raw mut *new)? {
                return Ok(Swap::Impossible);
            }
            zend::release(scratch);
            zend::copy(scratch, old);
            let swapped = match scalar::small(&new) {
                Some(number) => put_if_unchanged(this, name, number.bytes(), &mut seen, &raw const *new),
                None => {
                    let mut bytes = GLOBALS.get().buffers.take();
                    if scalar::encode(&new, &mut bytes) {
                        put_if_unchanged(this, name, &bytes, &mut seen, &raw const *new)
                    } else {
                        Swap::Impossible
                    }
                }
            };
            zend::release(&raw mut *new);
            match swapped {
                // Look again, and try again.
                Swap::Lost if look_at_scalar(this, name)? => {}
                Swap::Lost => return Ok(Swap::Impossible),
                swapped => return Ok(swapped),
            }
        }
        Ok(Swap::Lost)
    }
}

/// Stores the bytes of a value, if the name's value is still the one that was seen.
#[inline]
unsafe fn put_if_unchanged(this: &SyncObject, name: &Str, bytes: &[u8], seen: &mut Seen, value: *const zval) -> Swap {
    let Some(instance) = this.constructed() else { return Swap::Impossible };
    match instance.store.put_if_unchanged(name.bytes(), bytes, seen) {
        Ok(true) => {
            // SAFETY: callers pass a plain value, and hold the name.
            unsafe { this.cache().store(name.as_ptr(), Some(value), *seen, bytes.len()) };
            Swap::Done
        }
        Ok(false) => Swap::Lost,
        // Held, busy, full: the long way waits, or says what is wrong.
        Err(_) => Swap::Impossible,
    }
}

/// Bytes of the longest string that is copied for a compare and swap.
const SHORT: usize = 1024;

/// Whether a value is a number or a short string.
unsafe fn is_short(value: *const zval) -> bool {
    // SAFETY: callers pass a valid value.
    unsafe {
        match zend::kind(value) {
            IS_LONG | IS_DOUBLE => true,
            IS_STRING => zend::bytes((*value).value.str_).len() <= SHORT,
            _ => false,
        }
    }
}

/// Brings the value of `name` into the cache, if it is a number or a short string; else it is not even decoded, so that no
/// user code runs.
unsafe fn look_at_scalar(this: &SyncObject, name: &Str) -> Result<bool, Thrown> {
    /// The most that a string's length takes.
    const HEAD: u64 = 5;
    // SAFETY: the caller holds the name; entries are not kept across calls.
    unsafe {
        let before = this.cache().look_up(name.as_ptr()).map_or(Seen::default(), |entry| entry.seen);
        let mut seen = before;
        let mut bytes = GLOBALS.get().buffers.take();
        bytes.reserve(SHORT + HEAD as usize);
        let read = |store: &Store| match store.get_short(name.bytes(), SHORT as u64 + HEAD, &mut seen, &mut *bytes) {
            // In several pieces: an array.
            Err(error) if matches!(error.kind, ErrorKind::NoRoom(_)) => Ok(None),
            found => found.map(Some),
        };
        let found = match access::patiently_reading(this, read) {
            Ok(Some(found)) => found,
            Ok(None) | Err(Stop::Legacy) => return Ok(false),
            Err(Stop::Thrown) => return Err(Thrown),
        };
        let mut value = zend::empty();
        match found {
            Found::Unchanged => {
                // Unless a signal handler ran in between, and the cache knows another value, or none.
                let Some(entry) = this.cache().look_up(name.as_ptr()).filter(|entry| entry.seen == before) else {
                    return Ok(false);
                };
                zend::copy(&raw mut value, &raw const entry.value);
            }
            Found::Value if scalar::decode(&bytes, &mut value) => {}
            _ => return Ok(false),
        }
        let short = is_short(&raw const value);
        if short {
            this.cache().store(name.as_ptr(), Some(&raw const value), seen, bytes.len());
        }
        Ok(short)
    }
}

/// Makes the engine forget the type of the property that it met at this instruction before, on an
/// object of another class.
unsafe fn forget_type(slot: *mut *mut c_void) {
    if !slot.is_null() {
        // SAFETY: a cache slot of a property has three words.
        unsafe {
            for i in 0..3 {
                *slot.add(i) = ptr::null_mut();
            }
        }
    }
}

/// A place in `result`: the value of `name`, or, without one, a new value under the next free number.
///
/// # Safety
/// All are valid; `result` is overwritten.
pub unsafe fn fetch_place(root: *mut zend_object, name: Option<Str>, result: *mut zval) {
    // SAFETY: valid by contract.
    unsafe {
        (*result).value.obj = Place::make(root, name, Vec::new());
        (*result).u1.type_info = ffi::IS_OBJECT_EX;
    }
}

/// A place in `result` for `$sync['n'] += 1`: when it has operated, it tells the Sync object to
/// expect the [`Echo`].
///
/// # Safety
/// All are valid; `result` is overwritten.
pub unsafe fn fetch_operand(root: *mut zend_object, name: Str, result: *mut zval) {
    // SAFETY: valid by contract.
    unsafe {
        fetch_place(root, Some(name), result);
        Place::of((*result).value.obj).echo_to(root, |object| &SyncObject::of(object).echo);
    }
}

/// Whether the engine is about to write back what an operator has stored already.
#[derive(Default)]
pub struct Echo(Cell<bool>);

impl Echo {
    /// True once after an operation was done.
    pub fn is_due(&self) -> bool {
        self.0.replace(false)
    }
}

// ---- the internal object -------------------------------------------------------------------------

/// Finds the echo in an object that has one.
type EchoOf = fn(*mut zend_object) -> *const Echo;

/// The way to a value inside of a shared one.
#[repr(C)]
struct Place {
    /// The Sync object; held.
    root: *mut zend_object,
    /// The name of the shared value. `None` once freed.
    way: RefCell<Option<Way>>,
    /// This place expects an echo.
    echo: Echo,
    /// The object that expects an echo after this place has operated; held.
    echo_to: Cell<Option<(*mut zend_object, EchoOf)>>,
    /// What the engine operates on for `->n += 1`.
    scratch: UnsafeCell<zval>,
    std: UnsafeCell<zend_object>,
}

#[derive(Clone)]
struct Way {
    /// `None`: the next free number, whichever that is when something is put there.
    name: Option<Str>,
    steps: Vec<Step>,
}

impl Way {
    /// Acts at its end, in the store of `root`.
    unsafe fn act(&self, root: &SyncObject, step: Option<&[Step; 1]>, deed: Deed) -> Result<(), Thrown> {
        let steps = step.map_or(self.steps.as_slice(), <[Step; 1]>::as_slice);
        // SAFETY: callers hold the root, and what is in the deed.
        unsafe {
            match &self.name {
                Some(name) => change(root, name, steps, deed),
                None => change_next(root, steps, deed),
            }
        }
    }
}

static CLASS: AtomicPtr<zend_class_entry> = AtomicPtr::new(ptr::null_mut());

/// Registers the class of places, which programs never see. Called once, at module startup.
pub fn register() -> ext_php_rs::error::Result<()> {
    // Now, while there is one thread: a child that another one forks in the middle would wait for it.
    table();
    ClassBuilder::new("Sync\\Place")
        .flags(ClassFlags::Final | ClassFlags::NotSerializable | ClassFlags::NoDynamicProperties)
        .registration(|class, _| {
            class.__bindgen_anon_2.create_object = Some(refuse);
            CLASS.store(class, Ordering::Relaxed);
        })
        .register()
}

/// `new Sync\Place` is an object that leads nowhere.
unsafe extern "C" fn refuse(_class: *mut zend_class_entry) -> *mut zend_object {
    errors::throw_error("Sync\\Place is internal to Sync and cannot be instantiated");
    // SAFETY: a place without a Sync object refuses everything.
    unsafe { Place::allocate(ptr::null_mut(), None) }
}

fn table() -> &'static zend_object_handlers {
    struct Table(zend_object_handlers);
    // SAFETY: written once, then only read; the pointers in it are to functions.
    unsafe impl Send for Table {}
    // SAFETY: as above.
    unsafe impl Sync for Table {}
    static TABLE: OnceLock<Table> = OnceLock::new();
    &TABLE
        .get_or_init(|| {
            // SAFETY: the engine's own table is a constant.
            let mut table = unsafe { ffi::std_object_handlers };
            table.offset = offset_of!(Place, std) as c_int;
            table.free_obj = Some(free);
            table.clone_obj = None;
            table.read_property = Some(read_property);
            table.write_property = Some(write_property);
            table.unset_property = Some(unset_property);
            table.get_property_ptr_ptr = Some(get_property_ptr_ptr);
            table.read_dimension = Some(read_dimension);
            table.write_dimension = Some(write_dimension);
            table.unset_dimension = Some(unset_dimension);
            table.do_operation = Some(do_operation);
            Table(table)
        })
        .0
}

impl Place {
    /// A new place; the caller owns it.
    unsafe fn make(root: *mut zend_object, name: Option<Str>, steps: Vec<Step>) -> *mut zend_object {
        // SAFETY: callers pass a valid Sync object, which the place holds.
        unsafe {
            (*root).gc.refcount += 1;
            Self::allocate(root, Some(Way { name, steps }))
        }
    }

    unsafe fn allocate(root: *mut zend_object, way: Option<Way>) -> *mut zend_object {
        let class = CLASS.load(Ordering::Relaxed);
        // SAFETY: the class was registered at startup; every field is initialised.
        unsafe {
            let place: *mut Place = ffi::ext_php_rs_zend_object_alloc(size_of::<Place>(), class).cast();
            (&raw mut (*place).root).write(root);
            (&raw mut (*place).way).write(RefCell::new(way));
            (&raw mut (*place).echo).write(Echo::default());
            (&raw mut (*place).echo_to).write(Cell::new(None));
            (&raw mut (*place).scratch).write(UnsafeCell::new(zend::empty()));
            let std = (*place).std.get();
            ffi::zend_object_std_init(std, class);
            // No program has one: the garbage collector need not look for cycles each time one is let go.
            (*std).gc.u.type_info |= ffi::GC_NOT_COLLECTABLE;
            (*std).handlers = table();
            std
        }
    }

    unsafe fn of<'a>(object: *mut zend_object) -> &'a Place {
        // SAFETY: callers pass an object that `allocate` made.
        unsafe { &*object.cast::<u8>().sub(offset_of!(Place, std)).cast() }
    }

    /// Says who expects an echo.
    unsafe fn echo_to(&self, object: *mut zend_object, echo: fn(*mut zend_object) -> *const Echo) {
        // SAFETY: callers pass a valid object.
        unsafe { (*object).gc.refcount += 1 };
        self.echo_to.set(Some((object, echo)));
    }

    /// The way to here.
    fn way(&self) -> Result<Way, Thrown> {
        let way = self.way.borrow();
        way.clone().ok_or_else(|| errors::throw_error("This place in a Sync object is not in use any more"))
    }

    /// The way to here, as a program writes it: `->a['b']`.
    fn written(&self) -> String {
        self.way.borrow().as_ref().map_or(String::new(), |way| {
            let steps = way.steps.iter().map(Step::to_string).collect::<String>();
            way.name.clone().map_or(Step::Append, Step::Property).to_string() + &steps
        })
    }

    /// A place one step further, owned by the caller.
    unsafe fn further(&self, step: Step) -> Result<*mut zend_object, Thrown> {
        let Way { name, mut steps } = self.way()?;
        steps.push(step);
        // SAFETY: a place with a way has a root.
        Ok(unsafe { Place::make(self.root, name, steps) })
    }

    /// Acts one step further, or here.
    unsafe fn act(&self, step: Option<Step>, deed: Deed) -> Result<(), Thrown> {
        // SAFETY: a place with a way has a root, which it holds, and is held itself.
        unsafe {
            let _alive = Alive::hold(self.std.get());
            let root = SyncObject::of(self.root);
            let mut way = self.way()?;
            match step {
                // `$sync->list[] =`, `$sync->text .=`, most often: what is here holds nothing of Rust's heap.
                Some(step) if way.steps.is_empty() => way.act(root, Some(&[step]), deed),
                None if way.steps.is_empty() => way.act(root, None, deed),
                step => {
                    way.steps.extend(step);
                    GLOBALS.get().buffers.park(way).act(root, None, deed)
                }
            }
        }
    }
}

/// No instruction of PHP reads what it has fetched to change it.
#[cold]
fn is_not_read(place: &Place, step: &Step) -> Thrown {
    let way = place.written();
    errors::throw_error(&format!("Cannot read {way}{step} in a Sync object where it is to be changed"))
}

unsafe extern "C" fn free(object: *mut zend_object) {
    contain((), || {
        // SAFETY: the engine passes an object of ours, once.
        unsafe {
            let place = Place::of(object);
            drop(place.way.take());
            zend::release(place.scratch.get());
            if let Some((object, _)) = place.echo_to.take() {
                ffi::ext_php_rs_zend_object_release(object);
            }
            if !place.root.is_null() {
                ffi::ext_php_rs_zend_object_release(place.root);
            }
            ffi::zend_object_std_dtor(object);
        }
    });
}

/// The step that an offset makes.
unsafe fn element(offset: *mut zval) -> Step {
    if offset.is_null() {
        return Step::Append;
    }
    // SAFETY: not null, so the engine passed a valid value.
    Step::Element(unsafe { Key::new(offset) })
}

unsafe extern "C" fn read_dimension(
    object: *mut zend_object,
    offset: *mut zval,
    kind: c_int,
    result: *mut zval,
) -> *mut zval {
    contain(ptr::null_mut(), || {
        // SAFETY: the engine passes a place, an offset or null for `[]`, and a slot for the result.
        unsafe {
            let place = Place::of(object);
            let fetched = element_fetch(kind, offset, || place.written()).and_then(|fetch| {
                let step = element(offset);
                if let Fetch::Value = fetch {
                    return Err(is_not_read(place, &step));
                }
                (*result).value.obj = place.further(step)?;
                (*result).u1.type_info = ffi::IS_OBJECT_EX;
                if let Fetch::Operand = fetch {
                    Place::of((*result).value.obj).echo_to(object, |place| &Place::of(place).echo);
                }
                Ok(())
            });
            if fetched.is_ok() { result } else { ptr::null_mut() }
        }
    })
}

unsafe extern "C" fn write_dimension(object: *mut zend_object, offset: *mut zval, value: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes a place, an offset or null for `[]`, and a value.
        unsafe {
            let place = Place::of(object);
            if !place.echo.is_due() {
                let mut held = zend::empty();
                zend::copy(&raw mut held, zend::deref(value));
                let _ = place.act(Some(element(offset)), Deed::Assign(&raw mut held));
            }
        }
    });
}

unsafe extern "C" fn unset_dimension(object: *mut zend_object, offset: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes a place and an offset.
        let _ = unsafe { Place::of(object).act(Some(element(offset)), Deed::Unset) };
    });
}

unsafe extern "C" fn read_property(
    object: *mut zend_object,
    name: *mut zend_string,
    kind: c_int,
    _slot: *mut *mut c_void,
    result: *mut zval,
) -> *mut zval {
    contain(zend::uninitialized(), || {
        // SAFETY: the engine passes a place, a valid name and a slot for the result.
        unsafe {
            let place = Place::of(object);
            let fetched = property_fetch(kind, name, || place.written()).and_then(|fetch| {
                let step = Step::Property(Str::share(name));
                if let Fetch::Value = fetch {
                    return Err(is_not_read(place, &step));
                }
                (*result).value.obj = place.further(step)?;
                (*result).u1.type_info = ffi::IS_OBJECT_EX;
                Ok(())
            });
            if fetched.is_ok() { result } else { zend::uninitialized() }
        }
    })
}

unsafe extern "C" fn write_property(
    object: *mut zend_object,
    name: *mut zend_string,
    value: *mut zval,
    _slot: *mut *mut c_void,
) -> *mut zval {
    contain(zend::error_zval(), || {
        // SAFETY: the engine passes a place, a valid name and a value.
        unsafe {
            let mut held = zend::empty();
            zend::copy(&raw mut held, zend::deref(value));
            let step = Step::Property(Str::share(name));
            let place = Place::of(object);
            match place.act(Some(step), Deed::Assign(&raw mut held)) {
                Ok(()) => {
                    // What a typed property made of it is what the assignment gives.
                    zend::swap(place.scratch.get(), &raw mut held);
                    place.scratch.get()
                }
                Err(Thrown) => zend::error_zval(),
            }
        }
    })
}

unsafe extern "C" fn unset_property(object: *mut zend_object, name: *mut zend_string, _slot: *mut *mut c_void) {
    contain((), || {
        // SAFETY: the engine passes a place and a valid name.
        let _ = unsafe { Place::of(object).act(Some(Step::Property(Str::share(name))), Deed::Unset) };
    });
}

unsafe extern "C" fn get_property_ptr_ptr(
    object: *mut zend_object,
    name: *mut zend_string,
    kind: c_int,
    slot: *mut *mut c_void,
) -> *mut zval {
    contain(ptr::null_mut(), || {
        let operates = kind as u32 == BP_VAR_RW && Instruction::current().is_some_and(|i| i.operator().is_some());
        if !operates {
            return ptr::null_mut();
        }
        // SAFETY: the engine passes a place and a valid name; the scratch value is the place's.
        unsafe {
            let place = Place::of(object);
            forget_type(slot);
            let scratch = place.scratch.get();
            zend::release(scratch);
            match place.further(Step::Property(Str::share(name))) {
                Ok(further) => {
                    (*scratch).value.obj = further;
                    (*scratch).u1.type_info = ffi::IS_OBJECT_EX;
                    scratch
                }
                Err(Thrown) => zend::error_zval(),
            }
        }
    })
}

/// `+=`, `.=`, `++` and their kin on what a place leads to. `result` is `left` for most of them.
unsafe extern "C" fn do_operation(code: u8, result: *mut zval, left: *mut zval, right: *mut zval) -> c_int {
    contain(ffi::ZEND_RESULT_CODE_FAILURE, || {
        // SAFETY: the engine passes valid values, one of which is a place.
        unsafe {
            if zend::kind(left) != IS_OBJECT || !ptr::eq((*(*left).value.obj).handlers, table()) {
                return ffi::ZEND_RESULT_CODE_FAILURE;
            }
            let object = (*left).value.obj;
            let _alive = Alive::hold(object);
            let place = Place::of(object);
            let instruction = Instruction::current();
            let operator = instruction.and_then(|i| i.operator()).unwrap_or(Operator::Binary(u32::from(code)));
            let mut operation = Operation::new(operator, right);
            if place.act(None, Deed::Operate(operation.due())).is_err() {
                operation.fail();
            }
            if operator.gives_old()
                && let Some(instruction) = instruction
            {
                // The engine has copied the place itself there, as the old value.
                let slot = instruction.variable(instruction.op().result.var);
                zend::swap(slot, operation.old());
            }
            if let Some((object, echo)) = place.echo_to.get() {
                (*echo(object)).0.set(true);
            }
            if ptr::eq(result, left) {
                zend::release(result);
            }
            zend::copy(result, operation.new_value());
            ffi::ZEND_RESULT_CODE_SUCCESS
        }
    })
}
