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
use std::mem::offset_of;
use std::os::raw::{c_int, c_void};
use std::panic::AssertUnwindSafe;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::ffi::{
    self, BP_VAR_R, BP_VAR_RW, BP_VAR_UNSET, BP_VAR_W, IS_ARRAY, IS_DOUBLE, IS_LONG, IS_NULL, IS_OBJECT,
    zend_class_entry, zend_execute_data, zend_object, zend_object_handlers, zend_op, zend_string, zval,
};
use ext_php_rs::flags::ClassFlags;
use ext_php_rs::zend::{CatchError, bailout, try_catch};

use super::access;
use super::errors::{self, contain};
use super::handlers;
use super::object::SyncObject;
use super::patch;
use super::place::{self, Act, Key, Step};
use super::value::scalar;
use super::zend::{self, Alive, Str, Thrown};
use super::{GLOBALS, access::patiently};
use crate::store::Store;

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

/// An operator that changes a value.
#[derive(Clone, Copy)]
enum Operator {
    Increment {
        give_old: bool,
    },
    Decrement {
        give_old: bool,
    },
    /// `+=` and its kin, by the code of `+`.
    Binary(u32),
}

impl Operator {
    /// Whether it can be done twice on these numbers, or null, without anybody noticing: what works on
    /// whole numbers (`%`, `|` …) warns of the fractions that it cuts off, and `--` of a null that it
    /// leaves (from PHP 8.3 on).
    unsafe fn is_silent(self, value: *const zval, operand: *const zval) -> bool {
        match self {
            Self::Increment { .. } => true,
            // SAFETY: callers pass valid values.
            Self::Decrement { .. } => unsafe { zend::kind(value) != IS_NULL },
            Self::Binary(ffi::ZEND_ADD | ffi::ZEND_SUB | ffi::ZEND_MUL) => true,
            // SAFETY: callers pass valid values, and an operator of this kind has an operand.
            Self::Binary(_) => unsafe { zend::kind(value) != IS_DOUBLE && zend::kind(operand) != IS_DOUBLE },
        }
    }

    /// Applies it in place. May run user code, and throw.
    unsafe fn apply(self, value: *mut zval, operand: *mut zval) -> Result<(), Thrown> {
        // SAFETY: callers pass valid values.
        unsafe {
            match self {
                Self::Increment { .. } => {
                    ffi::increment_function(value);
                }
                Self::Decrement { .. } => {
                    ffi::decrement_function(value);
                }
                Self::Binary(code) => {
                    if let Some(operation) = ffi::get_binary_op(code as c_int) {
                        operation(value, value, operand);
                    }
                }
            }
        }
        zend::check()
    }
}

/// Runs `body` while nobody else writes to the store, in another process, by another object or in
/// another fiber; readers go on.
///
/// Others may write again when `body` is through, whichever way: it returns, throws, or the engine
/// leaves it by `longjmp` (a fatal error in user code that it runs). A fiber that is destroyed is
/// thrown out of it.
pub fn alone<T>(this: &SyncObject, body: impl FnOnce() -> Result<T, Thrown>) -> Result<T, Thrown> {
    let change = patiently(this, Store::lock_writers)?;
    let outcome = try_catch(AssertUnwindSafe(body));
    // Of another store, where the body has called `setFile`: the first one's hold has ended then.
    if let Some(instance) = this.constructed() {
        instance.store.unlock_writers(change);
    }
    match outcome {
        Ok(result) => result,
        // SAFETY: on to whoever catches it; nothing in this frame needs dropping.
        Err(CatchError::Bailout) => unsafe { bailout() },
        Err(defect) => panic!("{defect}"),
    }
}

/// Acts in the depth of the value of `name`, as one step to all others.
///
/// # Safety
/// The object and the values in `act` are valid, and held by the caller.
pub unsafe fn change(this: &SyncObject, name: &Str, steps: &[Step], act: &mut Act) -> Result<(), Thrown> {
    if let ([], Act::Unset) = (steps, &act) {
        // SAFETY: valid by contract; the handler is one of ours.
        unsafe {
            if let Some(unset) = (*(*this.zend()).handlers).unset_property {
                unset(this.zend(), name.as_ptr(), ptr::null_mut());
            }
        }
        return zend::check();
    }
    // SAFETY: valid by contract.
    if !this.overrides.accessors() && unsafe { patch::change(this, name, steps, act)? } {
        return Ok(());
    }
    let mut value = zend::empty();
    let there = alone(this, || {
        // SAFETY: valid by contract; the value is this frame's own.
        unsafe {
            get(this, name, &raw mut value)?;
            if SyncObject::is_one(&raw const value) {
                return Ok(false);
            }
            // The cache lets go of it, so that an array is changed in place, not copied.
            this.cache().forget(name.as_ptr());
            if place::act(&raw mut value, steps, act)? {
                put(this, name, &raw mut value)?;
            }
        }
        Ok(true)
    })?;
    if !there {
        // A handle on a store, perhaps on this very file, whose writers it must not wait for.
        // SAFETY: as above.
        unsafe {
            if place::act(&raw mut value, steps, act)? {
                put(this, name, &raw mut value)?;
            }
        }
    }
    Ok(())
}

/// Reads the value of `name`, by what the object's class overrides.
///
/// # Safety
/// All are valid, and held by the caller; `into` is overwritten.
pub unsafe fn get(this: &SyncObject, name: &Str, into: *mut zval) -> Result<(), Thrown> {
    let object = this.zend();
    // SAFETY: valid by contract.
    unsafe {
        match (*(*object).handlers).read_property {
            Some(read) if this.overrides.accessors() => {
                let mut returned = zend::empty();
                let value = read(object, name.as_ptr(), BP_VAR_R as c_int, ptr::null_mut(), &raw mut returned);
                zend::copy(into, zend::deref(value));
                zend::check()
            }
            _ => access::read(this, name.as_ptr(), into).map(drop),
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
            _ => true,
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
/// Where no user code can be involved (numbers), the whole of it is done here, and the engine
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
            _ => Some(ptr::null_mut()),
        };
        if let Some(operand) = operand
            && (operand.is_null() || is_number(operand))
            && !this.overrides.accessors()
        {
            let _alive = this.hold();
            let name = Str::share(name);
            match operate_on_number(this, &name, operator, operand, scratch) {
                Ok(true) => return scratch,
                Ok(false) => {}
                Err(Thrown) => return zend::error_zval(),
            }
        }
        let place = Place::make(root, Str::share(name), Vec::new());
        (*scratch).value.obj = place;
        (*scratch).u1.type_info = ffi::IS_OBJECT_EX;
        scratch
    }
}

/// Does all of an operator, leaving the old value in `scratch`; `false` where the value is no
/// number, and nothing has happened.
unsafe fn operate_on_number(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: *mut zval,
    scratch: *mut zval,
) -> Result<bool, Thrown> {
    // SAFETY: the caller holds all; numbers are not counted.
    unsafe {
        while let Some(swapped) = swap_known_number(this, name, operator, operand, scratch)? {
            if swapped {
                return Ok(true);
            }
            // Somebody else was faster: look again, and try again.
            let mut newer = zend::empty();
            access::read(this, name.as_ptr(), &raw mut newer)?;
            zend::release(&raw mut newer);
        }
        alone(this, || {
            let mut value = zend::empty();
            access::read(this, name.as_ptr(), &raw mut value)?;
            let plain = (is_number(&raw const value) || zend::kind(&raw const value) == IS_NULL)
                && operator.is_silent(&raw const value, operand);
            if plain {
                zend::copy(scratch, &raw const value);
                operator.apply(&raw mut value, operand)?;
                access::write(this, name.as_ptr(), &raw mut value)?;
            }
            Ok(plain)
        })
    }
}

/// Does all of an operator on a number that the cache knows, by compare and swap: nobody is kept
/// out. `Some(false)`: it is no longer what the cache knows. `None`: this is not the way.
unsafe fn swap_known_number(
    this: &SyncObject,
    name: &Str,
    operator: Operator,
    operand: *mut zval,
    scratch: *mut zval,
) -> Result<Option<bool>, Thrown> {
    // SAFETY: as for `operate_on_number`. No user code runs between looking at the entry and the
    // end but a handler of warnings (a modulo by zero throws), and then the entry is not used.
    unsafe {
        let Some(entry) = this.cache().find(name.as_ptr()) else { return Ok(None) };
        if !is_number(&raw const entry.value) || !operator.is_silent(&raw const entry.value, operand) {
            return Ok(None);
        }
        let mut seen = entry.seen;
        let mut value = zend::empty();
        zend::copy(&raw mut value, &raw const entry.value);
        zend::copy(scratch, &raw const value);
        operator.apply(&raw mut value, operand)?;
        let (Some(instance), Some(encoded)) = (this.constructed(), scalar::small(&value)) else { return Ok(None) };
        let swapped = instance.store.put_if_unchanged(name.bytes(), encoded.bytes(), &mut seen);
        match swapped {
            Ok(true) => {
                this.cache().store(name.as_ptr(), Some(&raw const value), seen, encoded.bytes().len());
                Ok(Some(true))
            }
            Ok(false) => Ok(Some(false)),
            // Held, busy, full: the long way waits, or says what is wrong.
            Err(_) => Ok(None),
        }
    }
}

unsafe fn is_number(value: *const zval) -> bool {
    // SAFETY: callers pass a valid value.
    matches!(unsafe { zend::kind(value) }, IS_LONG | IS_DOUBLE)
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

/// A place in `result`, one step into the value of `name`.
///
/// # Safety
/// All are valid; `result` is overwritten.
pub unsafe fn fetch_place(root: *mut zend_object, name: *mut zend_string, result: *mut zval) {
    // SAFETY: valid by contract.
    unsafe {
        (*result).value.obj = Place::make(root, Str::share(name), Vec::new());
        (*result).u1.type_info = ffi::IS_OBJECT_EX;
    }
}

/// A place in `result` for `$sync['n'] += 1`: when it has operated, it tells the Sync object to
/// expect the [`Echo`].
///
/// # Safety
/// All are valid; `result` is overwritten.
pub unsafe fn fetch_operand(root: *mut zend_object, name: *mut zend_string, result: *mut zval) {
    // SAFETY: valid by contract.
    unsafe {
        fetch_place(root, name, result);
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
    /// Who expects an echo after this place has operated; held.
    echo_to: Cell<Option<(*mut zend_object, EchoOf)>>,
    /// What the engine operates on for `->n += 1`.
    scratch: UnsafeCell<zval>,
    std: UnsafeCell<zend_object>,
}

struct Way {
    name: Str,
    steps: Vec<Step>,
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
    unsafe fn make(root: *mut zend_object, name: Str, steps: Vec<Step>) -> *mut zend_object {
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

    /// The name of the shared value, and the way to here and one step further.
    fn way(&self, step: Option<Step>) -> Result<(Str, Vec<Step>), Thrown> {
        let way = self.way.borrow();
        let Some(way) = way.as_ref() else {
            return Err(errors::throw_error("This place in a Sync object is not in use any more"));
        };
        let mut steps = Vec::with_capacity(way.steps.len() + usize::from(step.is_some()));
        steps.extend(way.steps.iter().cloned());
        steps.extend(step);
        Ok((way.name.clone(), steps))
    }

    /// The way to here, as a program writes it: `->a['b']`.
    fn written(&self) -> String {
        self.way.borrow().as_ref().map_or(String::new(), |way| {
            let steps = way.steps.iter().map(Step::to_string).collect::<String>();
            Step::Property(way.name.clone()).to_string() + &steps
        })
    }

    /// A place one step further, owned by the caller.
    unsafe fn further(&self, step: Step) -> Result<*mut zend_object, Thrown> {
        let (name, steps) = self.way(Some(step))?;
        // SAFETY: a place with a way has a root.
        Ok(unsafe { Place::make(self.root, name, steps) })
    }

    /// Acts one step further, or here.
    unsafe fn act(&self, step: Option<Step>, act: &mut Act) -> Result<(), Thrown> {
        // SAFETY: a place with a way has a root, which it holds, and is held itself.
        unsafe {
            let _alive = Alive::hold(self.std.get());
            match step {
                // `$sync->list[] =`, most often: what is here holds nothing of Rust's heap.
                Some(step) if self.is_first() => {
                    let (name, _) = self.way(None)?;
                    change(SyncObject::of(self.root), &name, &[step], act)
                }
                step => {
                    let (name, steps) = self.way(step)?;
                    let steps = GLOBALS.get().buffers.park(steps);
                    change(SyncObject::of(self.root), &name, &steps, act)
                }
            }
        }
    }

    /// Whether it is the place of a shared value itself.
    fn is_first(&self) -> bool {
        self.way.borrow().as_ref().is_some_and(|way| way.steps.is_empty())
    }

    /// The value one step further, or here, as it is now.
    unsafe fn value(&self, step: Step, result: *mut zval) -> Result<(), Thrown> {
        // SAFETY: callers pass a slot for the result.
        unsafe {
            zend::set_null(result);
            self.act(
                Some(step),
                &mut Act::Modify {
                    modify: &mut |value| {
                        zend::release(result);
                        zend::copy(result, value);
                        Ok(())
                    },
                    steps: false,
                    pure: false,
                    stored: ptr::null_mut(),
                },
            )
        }
    }
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
                    return place.value(step, result);
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
                let _ = place.act(Some(element(offset)), &mut Act::Assign(&raw mut held));
            }
        }
    });
}

unsafe extern "C" fn unset_dimension(object: *mut zend_object, offset: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes a place and an offset.
        let _ = unsafe { Place::of(object).act(Some(element(offset)), &mut Act::Unset) };
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
                    return place.value(step, result);
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
            match place.act(Some(step), &mut Act::Assign(&raw mut held)) {
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
        let _ = unsafe { Place::of(object).act(Some(Step::Property(Str::share(name))), &mut Act::Unset) };
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
            let mut operand = zend::empty();
            zend::copy(&raw mut operand, zend::deref(right));
            let pure = !matches!(zend::kind(&raw const operand), IS_OBJECT | IS_ARRAY);
            let (mut old, mut new) = (zend::empty(), zend::empty());
            let stored = &raw mut new;
            let gives_old =
                matches!(operator, Operator::Increment { give_old: true } | Operator::Decrement { give_old: true });
            let done = place.act(
                None,
                &mut Act::Modify {
                    modify: &mut |value| {
                        // Where another process was faster, all of it is done again.
                        zend::release(&raw mut old);
                        zend::release(stored);
                        if gives_old {
                            zend::copy(&raw mut old, value);
                        }
                        operator.apply(value, &raw mut operand)?;
                        zend::copy(stored, value);
                        Ok(())
                    },
                    steps: !matches!(operator, Operator::Binary(_)),
                    pure,
                    stored,
                },
            );
            if done.is_err() {
                zend::release(stored);
                zend::release(&raw mut old);
                zend::set_null(stored);
                zend::set_null(&raw mut old);
            }
            if gives_old && let Some(instruction) = instruction {
                // The engine has copied the place itself there, as the old value.
                let slot = instruction.variable(instruction.op().result.var);
                zend::swap(slot, &raw mut old);
            }
            if let Some((object, echo)) = place.echo_to.get() {
                (*echo(object)).0.set(true);
            }
            if ptr::eq(result, left) {
                zend::release(result);
            }
            zend::copy(result, stored);
            ffi::ZEND_RESULT_CODE_SUCCESS
        }
    })
}
