//! A Sync object as a whole: `foreach`, `count`, `var_dump`, `(array)`, `==` and their kin.
//!
//! All of it looks at one moment of the store: what others write meanwhile is not in it (but for long values
//! in a loop that has no memory for all of them: [`super::moment`]).

use std::mem::{ManuallyDrop, MaybeUninit};
use std::os::raw::c_int;
use std::ptr;
use std::rc::Rc;

use ext_php_rs::ffi::{
    self, HashTable, IS_OBJECT, IS_UNDEF, zend_array, zend_class_entry, zend_object, zend_object_iterator,
    zend_object_iterator_funcs, zend_prop_purpose, zval,
};

use super::GLOBALS;
use super::access::{self, Stop};
use super::errors::{self, contain};
use super::moment::{Extent, Moment};
use super::nested::Instruction;
use super::object::{Inside, SyncObject};
#[cfg(php84)]
use super::place;
use super::wait::Rounds;
use super::zend::{self, Str, Thrown};
use crate::store::Store;

unsafe extern "C" {
    /// Exported by PHP's core, and not among what ext-php-rs binds.
    fn zend_release_fcall_info_cache(cache: *mut ffi::zend_fcall_info_cache);
}

// ---- count ---------------------------------------------------------------------------------------

/// How many names there are.
pub fn count(this: &SyncObject) -> Result<i64, Thrown> {
    let mut rounds = Rounds::new();
    loop {
        rounds.begin(this)?;
        match access::patiently_reading(this, Store::len) {
            Ok(names) => return Ok(names as i64),
            Err(Stop::Thrown) => return Err(Thrown),
            Err(Stop::Legacy) => {
                let mut names = 0;
                let counted = super::legacy::each(this, &mut |_, _| {
                    names += 1;
                    Ok(())
                })?;
                if counted {
                    return Ok(names);
                }
            }
        }
    }
}

/// `count($sync)`
pub unsafe extern "C" fn count_elements(object: *mut zend_object, result: *mut i64) -> c_int {
    contain(ffi::ZEND_RESULT_CODE_FAILURE, || {
        // SAFETY: the engine passes an object of ours and a place for the number.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            // After a failure the exception is pending; the engine looks for it.
            *result = count(this).unwrap_or(0);
        }
        ffi::ZEND_RESULT_CODE_SUCCESS
    })
}

/// Some of the pointers in a table lead to no value.
const HASH_FLAG_HAS_EMPTY_IND: u32 = 1 << 5;
/// A typed property has not been initialised yet.
const IS_PROP_UNINIT: u32 = 1;
/// The bits of a type, which one has that is declared.
const TYPE_MASK: u32 = (1 << 25) - 1;

// ---- all properties ------------------------------------------------------------------------------

/// Everything as a stdClass, into `result`.
///
/// # Safety
/// `result` is a slot, which is overwritten.
pub unsafe fn as_std_class(this: &SyncObject, result: *mut zval) -> Result<(), Thrown> {
    // SAFETY: passed on.
    unsafe { std_class_of(result, |table| add_shared(this, table)) }
}

/// As [`as_std_class`], for who goes on into handles that it finds.
///
/// # Safety
/// As there.
pub unsafe fn shown_as_std_class(this: &SyncObject, result: *mut zval) -> Result<(), Thrown> {
    // SAFETY: passed on.
    unsafe { std_class_of(result, |table| add_shown(this, table)) }
}

/// A stdClass, into `result`, with the properties that `fill` adds to its table.
unsafe fn std_class_of(
    result: *mut zval,
    fill: impl FnOnce(*mut zend_array) -> Result<(), Thrown>,
) -> Result<(), Thrown> {
    // SAFETY: the engine makes an object, whose property table is filled before anybody else has it.
    unsafe {
        let mut data = zend::empty();
        ffi::object_init_ex(&raw mut data, ffi::zend_standard_class_def);
        fill(ffi::zend_std_get_properties(data.value.obj))?;
        zend::copy(result, &raw const data);
    }
    Ok(())
}

/// Adds the shared names and values to a table of properties, which has precedence.
unsafe fn add_shared(this: &SyncObject, table: *mut zend_array) -> Result<(), Thrown> {
    access::each(this, &mut |name, value| {
        // SAFETY: callers pass a table that is theirs; it takes a count of the value over.
        unsafe {
            let mut copy = ManuallyDrop::new(zend::empty());
            zend::copy(&raw mut *copy, value);
            if ffi::zend_hash_add(table, name.as_ptr(), &raw mut *copy).is_null() {
                ffi::zval_ptr_dtor(&raw mut *copy);
            }
        }
        Ok(())
    })
}

/// For `(array)`, `var_dump`, `var_export` …: what the class declares, then what is shared. The table
/// is the caller's, and goes with its use.
pub unsafe extern "C" fn get_properties_for(object: *mut zend_object, purpose: zend_prop_purpose) -> *mut zend_array {
    contain(ptr::null_mut(), || {
        // SAFETY: the engine passes an object of ours; the table is nobody else's.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            // What a subclass itself says: `__debugInfo()`.
            if purpose == ffi::_zend_prop_purpose_ZEND_PROP_PURPOSE_DEBUG && !(*(*object).ce).__debugInfo.is_null() {
                return ffi::zend_std_get_properties_for(object, purpose);
            }
            let mut table = zend::empty();
            zend::set_array(&raw mut table, declared_table(object, purpose));
            let shows = shows_nested(purpose);
            // What was thrown is pending.
            let _ = if shows { add_shown(this, table.value.arr) } else { add_shared(this, table.value.arr) };
            // What reading has run may have let go of the object: then there is nobody to describe.
            let lost = Instruction::current().is_some_and(|instruction| instruction.has_lost_its_object());
            if lost || is_last_hold(object) { ptr::null_mut() } else { ManuallyDrop::new(table).value.arr }
        }
    })
}

/// For `get_object_vars`, `array_walk`, `reset` …, which look at the same and hold nothing: the table
/// belongs to the object, and is filled anew each time, in place, as there may be iterators on it.
pub unsafe extern "C" fn get_properties(object: *mut zend_object) -> *mut HashTable {
    contain(no_properties(), || {
        // SAFETY: the engine passes an object of ours.
        unsafe {
            let this = SyncObject::of(object);
            let _alive = this.hold();
            let function = running_function();
            if walks_by_reference(function) {
                errors::throw_error(BY_REFERENCE);
                return no_properties();
            }
            let mut table = this.shown.get();
            let mut position = 0;
            if table.is_null() || (*table).gc.refcount > 1 {
                forget_shown(this);
                table = new_table();
            } else {
                // While it is filled it is nobody's: reading may run code that asks for it again.
                this.shown.set(ptr::null_mut());
                position = (*table).nInternalPointer;
                ffi::zend_hash_clean(table);
            }
            add_declared(object, table);
            // What was thrown is pending.
            let _ = match function {
                // It marks the table while it calls `jsonSerialize()`, and does not look into it.
                b"json_encode" => Ok(()),
                b"get_object_vars" => add_shared(this, table),
                // The others may go on into what they find.
                _ => add_shown(this, table),
            };
            (*table).nInternalPointer = position;
            forget_shown(this);
            this.shown.set(table);
            if is_last_hold(object) { no_properties() } else { table }
        }
    })
}

/// What a Sync object is not: something to be changed by reference.
const BY_REFERENCE: &str = "Cannot iterate by reference over a Sync object, which lives in shared memory: assign to its properties instead: foreach ($sync as $name => $value) { $sync->$name = …; }";

/// A table that points into an object without owning what is there: nothing for the garbage
/// collector to count.
fn new_table() -> *mut zend_array {
    // SAFETY: a new array, that nobody else has.
    unsafe {
        let table = ffi::_zend_new_array(8);
        (*table).gc.u.type_info |= ffi::GC_NOT_COLLECTABLE;
        table
    }
}

/// The empty table, which cannot be changed.
fn no_properties() -> *mut HashTable {
    (&raw const ffi::zend_empty_array).cast_mut()
}

/// Whether nobody but the calling handler holds the object any more.
unsafe fn is_last_hold(object: *mut zend_object) -> bool {
    // SAFETY: callers hold the object.
    unsafe { (*object).gc.refcount == 1 }
}

/// The name of the internal function that runs; empty where none does.
fn running_function<'a>() -> &'a [u8] {
    // SAFETY: the engine keeps the frame that runs, and in it the function.
    unsafe {
        let frame = (*zend::executor()).current_execute_data;
        if frame.is_null() || (*frame).func.is_null() {
            return b"";
        }
        let function = &(*(*frame).func).common;
        if u32::from(function.type_) != ffi::ZEND_INTERNAL_FUNCTION || function.function_name.is_null() {
            return b"";
        }
        zend::bytes(function.function_name)
    }
}

/// Whether a function would change what it walks over, by references into a table that is only a
/// copy of what is shared.
unsafe fn walks_by_reference(function: &[u8]) -> bool {
    match function {
        b"mb_convert_variables" => true,
        // SAFETY: it has checked its second argument, the callback.
        b"array_walk" | b"array_walk_recursive" => unsafe { takes_reference(zend::argument(1)) },
        _ => false,
    }
}

/// Whether a callback takes its first argument by reference.
unsafe fn takes_reference(callback: *mut zval) -> bool {
    // SAFETY: callers pass a valid value; the engine fills the cache, where it answers yes.
    unsafe {
        let mut found = MaybeUninit::<ffi::zend_fcall_info_cache>::zeroed();
        let callable = ffi::zend_is_callable_ex(
            callback,
            ptr::null_mut(),
            0,
            ptr::null_mut(),
            found.as_mut_ptr(),
            ptr::null_mut(),
        );
        let mut found = found.assume_init();
        if !callable {
            return false;
        }
        let by_reference = zend::takes_reference(found.function_handler);
        zend_release_fcall_info_cache(&raw mut found);
        by_reference
    }
}

/// As [`add_shared`], for who goes on into handles that it finds. A store may lead to itself through
/// these: one inside of itself is shown as the handle that it is.
unsafe fn add_shown(this: &SyncObject, table: *mut zend_array) -> Result<(), Thrown> {
    // SAFETY: callers pass a table that is theirs; it takes the file's name over.
    unsafe {
        let instance = this.instance()?;
        if !this.is_inside_itself() {
            return showing(this, || add_shared(this, table));
        }
        let mut file = ManuallyDrop::new(zend::empty());
        zend::set_string(&raw mut *file, Str::new(&instance.file));
        ffi::zend_hash_update(table, Str::new(b"file").as_ptr(), &raw mut *file);
    }
    Ok(())
}

/// Lets handles that `read` makes know that they come out of this one.
fn showing<T>(this: &SyncObject, read: impl FnOnce() -> Result<T, Thrown>) -> Result<T, Thrown> {
    let path = this.instance()?.store.path().to_owned();
    let inside = Rc::new(Inside { path, outer: this.inside() });
    let showing = &GLOBALS.get().showing;
    let outer = GLOBALS.get().buffers.park(showing.replace(Some(inside)));
    let done = read();
    drop(showing.replace(outer.clone()));
    done
}

/// Whether who asks goes on into the objects that the table holds.
fn shows_nested(purpose: zend_prop_purpose) -> bool {
    #[cfg(php84)]
    if purpose == PURPOSE_GET_OBJECT_VARS {
        return false;
    }
    purpose != ffi::_zend_prop_purpose_ZEND_PROP_PURPOSE_ARRAY_CAST
}

/// What the object's class declares, in a table of its own. `get_object_vars` and `var_export` show what
/// property hooks give, where the class has any.
unsafe fn declared_table(object: *mut zend_object, purpose: zend_prop_purpose) -> *mut zend_array {
    // SAFETY: callers pass an object of ours, and take the table over.
    unsafe {
        #[cfg(php84)]
        if matches!(purpose, PURPOSE_VAR_EXPORT | PURPOSE_GET_OBJECT_VARS) && (*(*object).ce).num_hooked_props > 0 {
            return zend_hooked_object_build_properties(object);
        }
        let _ = purpose;
        let table = new_table();
        add_declared(object, table);
        table
    }
}

#[cfg(php84)]
use ext_php_rs::ffi::{
    _zend_prop_purpose_ZEND_PROP_PURPOSE_GET_OBJECT_VARS as PURPOSE_GET_OBJECT_VARS,
    _zend_prop_purpose_ZEND_PROP_PURPOSE_VAR_EXPORT as PURPOSE_VAR_EXPORT,
};

#[cfg(php84)]
unsafe extern "C" {
    pub fn zend_hooked_object_build_properties(object: *mut zend_object) -> *mut zend_array;
}

/// Adds the properties that the object's class declares: pointers to where they are. Of those without a
/// value only what has not been initialised yet, as `var_dump` says so; a name that was unset leads to
/// `__get`, and so into the store.
unsafe fn add_declared(object: *mut zend_object, table: *mut zend_array) {
    // SAFETY: callers pass a valid object; its class lists a property, or null, for each slot.
    unsafe {
        let class = (*object).ce;
        for i in 0..(*class).default_properties_count as usize {
            let property = *(*class).properties_info_table.add(i);
            if property.is_null() {
                continue;
            }
            let slot: *mut zval = object.cast::<u8>().add((*property).offset as usize).cast();
            let uninitialized = zend::kind(slot) == IS_UNDEF;
            if uninitialized && !is_expected(property, slot) {
                continue;
            }
            if uninitialized {
                // Code that counts the elements has to look.
                (*table).u.flags |= HASH_FLAG_HAS_EMPTY_IND;
            }
            let mut pointer = ManuallyDrop::new(zend::empty());
            pointer.value.zv = slot;
            pointer.u1.type_info = ffi::IS_INDIRECT;
            ffi::zend_hash_update(table, (*property).name, &raw mut *pointer);
        }
    }
}

/// Whether a property without a value is a typed one that nobody has initialised or unset yet.
unsafe fn is_expected(property: *const ffi::zend_property_info, slot: *const zval) -> bool {
    // SAFETY: callers pass a declaration and its slot, which keeps flags beside the value.
    unsafe { (*property).type_.type_mask & TYPE_MASK != 0 && (*slot).u2.extra & IS_PROP_UNINIT != 0 }
}

/// A new array with the values of the properties that the object's class declares.
///
/// # Safety
/// `object` is a valid object of ours. The caller owns the array.
pub unsafe fn declared(object: *mut zend_object) -> *mut zend_array {
    // SAFETY: valid by contract; copying an array of pointers copies what they point to.
    unsafe {
        let mut pointers = zend::empty();
        zend::set_array(&raw mut pointers, ffi::_zend_new_array(0));
        add_declared(object, pointers.value.arr);
        ffi::zend_array_dup(pointers.value.arr)
    }
}

/// Sets the properties that the object's class declares, where `values` has them.
///
/// # Safety
/// Both are valid, and `values` is held by the caller.
pub unsafe fn set_declared(object: *mut zend_object, values: *mut zend_array) -> Result<(), Thrown> {
    // SAFETY: valid by contract; the engine's functions check types and readonly as for any class.
    unsafe {
        let class = (*object).ce;
        let executor = zend::executor();
        for i in 0..(*class).default_properties_count as usize {
            let property = *(*class).properties_info_table.add(i);
            if property.is_null() {
                continue;
            }
            let value = ffi::zend_hash_find(values, (*property).name);
            #[cfg(php84)]
            if !value.is_null() && !(*property).hooks.is_null() {
                set_behind_hooks(object, property, value)?;
                continue;
            }
            if !value.is_null() {
                let full = zend::bytes((*property).name);
                let name = Str::new(full.rsplit(|&b| b == 0).next().unwrap_or(full));
                let scope = std::mem::replace(&mut (*executor).fake_scope, (*property).ce);
                ffi::zend_std_write_property(object, name.as_ptr(), zend::deref(value), ptr::null_mut());
                (*executor).fake_scope = scope;
                zend::check()?;
            }
        }
    }
    Ok(())
}

/// Sets the value that a property with hooks keeps, without calling them, as `unserialize` does.
#[cfg(php84)]
unsafe fn set_behind_hooks(
    object: *mut zend_object,
    property: *mut ffi::zend_property_info,
    value: *mut zval,
) -> Result<(), Thrown> {
    // SAFETY: callers pass valid values, and a property that has a slot in the object.
    unsafe {
        let mut own = zend::empty();
        zend::copy(&raw mut own, zend::deref(value));
        if (*property).type_.type_mask & TYPE_MASK != 0 && !ffi::zend_verify_property_type(property, &raw mut own, true)
        {
            return Err(Thrown);
        }
        place::assign(object.cast::<u8>().add((*property).offset as usize).cast(), &raw mut own)
    }
}

/// Lets go of the table that `get_properties` made.
pub fn forget_shown(this: &SyncObject) {
    let table = this.shown.replace(ptr::null_mut());
    if !table.is_null() {
        let mut last = zend::empty();
        // SAFETY: the object owned a count of it.
        unsafe { zend::set_array(&raw mut last, table) };
    }
}

/// What the garbage collector looks at: declared properties alone. Reading the store for it would
/// find nothing that could be part of a cycle.
pub unsafe extern "C" fn get_gc(object: *mut zend_object, table: *mut *mut zval, n: *mut c_int) -> *mut HashTable {
    // SAFETY: the engine passes an object of ours and places for the answer.
    unsafe {
        *table = (&raw mut (*object).properties_table).cast();
        *n = (*(*object).ce).default_properties_count;
        (*object).properties
    }
}

// ---- comparison ----------------------------------------------------------------------------------

/// `==`: handles on one file, of one class, whose declared properties are the same. What is in two
/// files is not compared.
pub unsafe extern "C" fn compare(left: *mut zval, right: *mut zval) -> c_int {
    const UNCOMPARABLE: c_int = 1;
    contain(UNCOMPARABLE, || {
        // SAFETY: the engine passes two values, at least one of which is an object of ours.
        unsafe {
            if zend::kind(left) != IS_OBJECT || zend::kind(right) != IS_OBJECT {
                return ffi::zend_std_compare_objects(left, right);
            }
            let (left_value, right_value) = (left, right);
            let (left, right) = ((*left).value.obj, (*right).value.obj);
            if ptr::eq(left, right) {
                return 0;
            }
            if !ptr::eq((*left).ce, (*right).ce) {
                return UNCOMPARABLE;
            }
            let (one, other) = (SyncObject::of(left), SyncObject::of(right));
            let same_file = match (one.constructed(), other.constructed()) {
                (Some(one), Some(other)) => one.store.path() == other.store.path(),
                _ => false,
            };
            if !same_file {
                return UNCOMPARABLE;
            }
            ffi::zend_std_compare_objects(left_value, right_value)
        }
    })
}

// ---- iteration -----------------------------------------------------------------------------------

/// A walk over one moment of the store. Values are decoded when they are asked for.
#[repr(C)]
struct Walk {
    iterator: zend_object_iterator,
    content: Option<Content>,
    at: usize,
    /// The value at `at`, once it was asked for.
    current: zval,
}

/// What is walked over.
enum Content {
    Store(Moment),
    /// A file of the pure-PHP class: an object with its names and values.
    Legacy(zval),
}

impl Content {
    fn of(this: &SyncObject) -> Result<Self, Thrown> {
        match Moment::of(this, Extent::Fitting) {
            Ok(moment) => Ok(Self::Store(moment)),
            Err(Stop::Thrown) => Err(Thrown),
            Err(Stop::Legacy) => {
                let mut data = zend::empty();
                // SAFETY: a slot of this frame.
                unsafe { as_std_class(this, &raw mut data)? };
                Ok(Self::Legacy(data))
            }
        }
    }

    fn len(&self) -> usize {
        match self {
            Self::Store(moment) => moment.len(),
            // SAFETY: an object of the class stdClass.
            Self::Legacy(data) => unsafe { (*ffi::zend_std_get_properties(data.value.obj)).nNumOfElements as usize },
        }
    }

    /// Whether the value at a place is still where it was found.
    fn is_behind(&self, at: usize) -> bool {
        match self {
            Self::Store(moment) => moment.is_behind(at),
            Self::Legacy(_) => false,
        }
    }

    fn name(&self, at: usize) -> Option<Str> {
        match self {
            Self::Store(moment) => moment.name(at),
            // SAFETY: an object of the class stdClass, whose properties have names.
            Self::Legacy(data) => unsafe {
                zend::Elements::of(ffi::zend_std_get_properties(data.value.obj)).nth(at).map(|(name, _)| name.text())
            },
        }
    }

    fn value(&self, this: &SyncObject, at: usize, into: *mut zval) -> Result<bool, Thrown> {
        // SAFETY: callers pass a slot, which is overwritten.
        unsafe {
            match self {
                Self::Store(moment) => moment.value(this, at, into),
                Self::Legacy(data) => {
                    zend::set_null(into);
                    let properties = ffi::zend_std_get_properties(data.value.obj);
                    if let Some((_, value)) = zend::Elements::of(properties).nth(at) {
                        zend::copy(into, value);
                    }
                    Ok(true)
                }
            }
        }
    }
}

static FUNCTIONS: zend_object_iterator_funcs = zend_object_iterator_funcs {
    dtor: Some(walk_free),
    valid: Some(walk_valid),
    get_current_data: Some(walk_value),
    get_current_key: Some(walk_name),
    move_forward: Some(walk_next),
    rewind: Some(walk_rewind),
    invalidate_current: Some(walk_forget),
    get_gc: Some(walk_gc),
};

/// For `foreach ($sync as &$value)`.
#[cold]
pub fn refuse_references() -> Thrown {
    errors::throw_error(BY_REFERENCE)
}

/// `foreach ($sync as $name => $value)`
pub unsafe extern "C" fn get_iterator(
    _class: *mut zend_class_entry,
    object: *mut zval,
    by_reference: c_int,
) -> *mut zend_object_iterator {
    contain(ptr::null_mut(), || {
        if by_reference != 0 {
            refuse_references();
            return ptr::null_mut();
        }
        // SAFETY: the engine passes a value with an object of ours. The iterator is an object of
        // the engine's own kind, with room for what is ours behind; all fields are initialised.
        unsafe {
            let this = SyncObject::of((*object).value.obj);
            if this.instance().is_err() {
                return ptr::null_mut();
            }
            let walk: *mut Walk = ext_php_rs::alloc::emalloc(std::alloc::Layout::new::<Walk>()).cast();
            walk.cast::<MaybeUninit<Walk>>().write(MaybeUninit::zeroed());
            ffi::zend_iterator_init(&raw mut (*walk).iterator);
            zend::copy(&raw mut (*walk).iterator.data, object);
            (*walk).iterator.funcs = &raw const FUNCTIONS;
            (&raw mut (*walk).content).write(None);
            &raw mut (*walk).iterator
        }
    })
}

impl Walk {
    /// # Safety
    /// `iterator` was made by [`get_iterator`].
    unsafe fn of<'a>(iterator: *mut zend_object_iterator) -> &'a mut Walk {
        // SAFETY: the iterator is the first field. The engine calls one function of it at a time.
        unsafe { &mut *iterator.cast() }
    }

    fn this(&self) -> &SyncObject {
        // SAFETY: the iterator holds the object.
        unsafe { SyncObject::of(self.iterator.data.value.obj) }
    }
}

unsafe extern "C" fn walk_free(iterator: *mut zend_object_iterator) {
    contain((), || {
        // SAFETY: the engine passes a walk, for the last time.
        unsafe {
            let walk = Walk::of(iterator);
            drop(walk.content.take());
            zend::release(&raw mut walk.current);
            zend::release(&raw mut walk.iterator.data);
        }
    });
}

unsafe extern "C" fn walk_valid(iterator: *mut zend_object_iterator) -> c_int {
    contain(ffi::ZEND_RESULT_CODE_FAILURE, || {
        // SAFETY: the engine passes a walk, and holds it.
        let walk = unsafe { Walk::of(iterator) };
        while let Some(content) = walk.content.as_ref().filter(|content| walk.at < content.len()) {
            // A value that was left behind may have been removed: only reading it tells.
            // SAFETY: a value of the walk's.
            let read = unsafe { zend::kind(&raw const walk.current) != IS_UNDEF };
            if read || !content.is_behind(walk.at) {
                return ffi::ZEND_RESULT_CODE_SUCCESS;
            }
            // SAFETY: as above.
            match unsafe { walk_read(iterator) } {
                Ok(true) => return ffi::ZEND_RESULT_CODE_SUCCESS,
                Ok(false) => walk.at += 1,
                Err(Thrown) => return ffi::ZEND_RESULT_CODE_FAILURE,
            }
        }
        ffi::ZEND_RESULT_CODE_FAILURE
    })
}

/// Reads the value at which the walk is; false if it is not there any more.
unsafe fn walk_read(iterator: *mut zend_object_iterator) -> Result<bool, Thrown> {
    // SAFETY: callers pass a walk that the engine holds. Reading may run code that starts it again, so nothing
    // of it is kept across that.
    unsafe {
        let walk = Walk::of(iterator);
        let (at, mut value) = (walk.at, zend::empty());
        let Some(content) = &walk.content else { return Ok(true) };
        let there = content.value(walk.this(), at, &raw mut value)?;
        if there {
            zend::release(&raw mut walk.current);
            zend::copy(&raw mut walk.current, &raw const value);
        }
        Ok(there)
    }
}

unsafe extern "C" fn walk_value(iterator: *mut zend_object_iterator) -> *mut zval {
    contain(ptr::null_mut(), || {
        // SAFETY: the engine passes a walk, and holds it.
        unsafe {
            let walk = Walk::of(iterator);
            if zend::kind(&raw const walk.current) == IS_UNDEF && walk.content.is_some() {
                match walk_read(iterator) {
                    Ok(true) => {}
                    // Nobody has asked whether it is there.
                    Ok(false) => zend::set_null(&raw mut walk.current),
                    Err(Thrown) => return ptr::null_mut(),
                }
            }
            &raw mut walk.current
        }
    })
}

unsafe extern "C" fn walk_name(iterator: *mut zend_object_iterator, name: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes a walk, and a slot for the name.
        unsafe {
            let walk = Walk::of(iterator);
            match walk.content.as_ref().and_then(|content| content.name(walk.at)) {
                Some(string) => zend::set_string(name, string),
                None => zend::set_null(name),
            }
        }
    });
}

unsafe extern "C" fn walk_next(iterator: *mut zend_object_iterator) {
    // SAFETY: the engine passes a walk.
    unsafe {
        walk_forget(iterator);
        Walk::of(iterator).at += 1;
    }
}

unsafe extern "C" fn walk_rewind(iterator: *mut zend_object_iterator) {
    contain((), || {
        // SAFETY: the engine passes a walk, and holds it.
        unsafe {
            walk_forget(iterator);
            let walk = Walk::of(iterator);
            walk.at = 0;
            // A walk that starts again starts with what is there now.
            walk.content = None;
            let content = Content::of(walk.this()).ok();
            Walk::of(iterator).content = content;
        }
    });
}

unsafe extern "C" fn walk_forget(iterator: *mut zend_object_iterator) {
    // SAFETY: the engine passes a walk.
    unsafe { zend::release(&raw mut Walk::of(iterator).current) };
}

unsafe extern "C" fn walk_gc(
    iterator: *mut zend_object_iterator,
    table: *mut *mut zval,
    n: *mut c_int,
) -> *mut HashTable {
    // SAFETY: the engine passes a walk and places for the answer.
    unsafe {
        *table = &raw mut Walk::of(iterator).iterator.data;
        *n = 1;
    }
    ptr::null_mut()
}
