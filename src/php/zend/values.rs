//! Zvals as Rust's borrow checker sees them: [`Value`] to read, [`Slot`] to write, [`Local`] to own.

use std::cell::UnsafeCell;
use std::ffi::CStr;
use std::marker::PhantomData;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ops::{Deref, DerefMut};

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::arrays::Array;
use super::counted::Held;
use super::declaration::Declaration;
use super::executor::{Thrown, check};
use super::objects::Object;
use super::series;
use super::strings::{Str, ZStr, set_byte, set_unwritten_string};
use super::types::{
    ARRAY, DOUBLE, FALSE, INDIRECT, LONG, NULL, OBJECT, REFERENCE, RESOURCE, STRING, TRUE, ZendReference,
};
use super::zvals;

unsafe extern "C" {
    fn zend_verify_ref_array_assignable(reference: *mut ZendReference) -> bool;
}

/// A zval, behind a reference: it is alive, and its type and its pointer do not change, for as long as the reference.
#[repr(transparent)]
pub struct Value(UnsafeCell<Zval>);

impl Value {
    /// # Safety
    /// `at` points to a live zval, which stays where it is and as it is for `'a`.
    #[inline(always)]
    pub unsafe fn from_ptr<'a>(at: *const Zval) -> &'a Self {
        // SAFETY: transparent; the caller promises a live zval.
        unsafe { &*at.cast() }
    }

    /// A zval that Rust borrows.
    #[inline(always)]
    pub fn of(zval: &Zval) -> &Self {
        // SAFETY: transparent; the borrow keeps the zval alive and unchanged.
        unsafe { Self::from_ptr(zval) }
    }

    /// The engine's structure.
    #[inline(always)]
    pub fn as_ptr(&self) -> *mut Zval {
        self.0.get()
    }

    /// For functions of `ext-php-rs` and serde's.
    #[inline(always)]
    pub fn as_zval(&self) -> &Zval {
        // SAFETY: `from_ptr` was promised a live zval that does not change.
        unsafe { &*self.as_ptr() }
    }

    /// Its type: [`LONG`] and its kin.
    #[inline(always)]
    pub fn kind(&self) -> u32 {
        // SAFETY: `from_ptr` was promised a live zval.
        unsafe { zvals::kind(self.as_ptr()) }
    }

    /// Whether it is a reference that nothing else holds, to a value that nothing else holds, if that is an object.
    pub fn is_sole_reference(&self) -> bool {
        // SAFETY: `from_ptr` was promised a live zval; a reference is counted by its holders.
        let is_sole = self.kind() == REFERENCE && unsafe { (*zvals::reference_of(self.as_ptr())).gc.refcount == 1 };
        is_sole && self.dereference().object().is_none_or(Object::is_last_hold)
    }

    /// The value behind it, if it is a reference; else itself.
    #[inline]
    pub fn dereference(&self) -> &Value {
        // SAFETY: `from_ptr` was promised a live zval that does not change: it holds its reference.
        unsafe { Value::from_ptr(zvals::deref(self.as_ptr())) }
    }

    /// Whether the two are one and the same: an equal number, or the very string, array or object. (One that is held is changed by nobody
    /// else: who changes it makes a copy.)
    pub fn is_same(&self, other: &Value) -> bool {
        // SAFETY: `from_ptr` was promised live zvals; both views of the union are plain integers.
        self.kind() == other.kind()
            && (self.kind() <= TRUE || unsafe { (*self.as_ptr()).value.lval == (*other.as_ptr()).value.lval })
    }

    /// True if it is a reference that a typed property shares: a value has to be converted to the type.
    #[inline]
    pub fn is_typed_reference(&self) -> bool {
        // SAFETY: `from_ptr` was promised a live zval, which holds its reference.
        self.kind() == REFERENCE && unsafe { !(*zvals::reference_of(self.as_ptr())).sources.ptr.is_null() }
    }

    /// The typed properties that share the reference, at once: user code may bind others. None where it is no reference.
    pub fn sources(&self) -> impl Iterator<Item = Declaration<'_>> {
        // SAFETY: `from_ptr` was promised a live zval, which holds its reference.
        let sources =
            self.is_typed_reference().then(|| unsafe { Declaration::of_reference(zvals::reference_of(self.as_ptr())) });
        sources.into_iter().flatten()
    }

    /// The int, if it is one.
    #[inline]
    pub fn long(&self) -> Option<i64> {
        // SAFETY: the type says that this is the member that was written.
        (self.kind() == LONG).then(|| unsafe { (*self.as_ptr()).value.lval })
    }

    /// The float, if it is one.
    #[inline]
    pub fn double(&self) -> Option<f64> {
        // SAFETY: the type says that this is the member that was written.
        (self.kind() == DOUBLE).then(|| unsafe { (*self.as_ptr()).value.dval })
    }

    /// The string, if it is one.
    #[inline]
    pub fn string(&self) -> Option<&ZStr> {
        // SAFETY: `from_ptr` was promised a live zval that does not change: it holds its string.
        (self.kind() == STRING).then(|| unsafe { ZStr::from_ptr(zvals::string_of(self.as_ptr())) })
    }

    /// The array, if it is one.
    #[inline]
    pub fn array(&self) -> Option<&Array> {
        // SAFETY: `from_ptr` was promised a live zval that does not change: it holds its array.
        (self.kind() == ARRAY).then(|| unsafe { Array::from_ptr(zvals::array_of(self.as_ptr())) })
    }

    /// The object, if it is one.
    #[inline]
    pub fn object(&self) -> Option<&Object> {
        // SAFETY: `from_ptr` was promised a live zval that does not change: it holds its object.
        (self.kind() == OBJECT).then(|| unsafe { Object::from_ptr(zvals::object_of(self.as_ptr())) })
    }

    /// The number of the resource, if it is one.
    pub fn resource(&self) -> Option<i64> {
        // SAFETY: the type says that this is the member that was written, and the zval holds its resource.
        (self.kind() == RESOURCE).then(|| unsafe { (*(*self.as_ptr()).value.res).handle })
    }

    /// True for null, a bool, an int, a float or a string, which become strings without a warning.
    #[inline]
    pub fn is_scalar(&self) -> bool {
        matches!(self.kind(), NULL | FALSE | TRUE | LONG | DOUBLE | STRING)
    }

    /// Whether it counts as true. May run user code.
    pub fn is_true(&self) -> bool {
        // SAFETY: `from_ptr` was promised a live zval that stays one.
        unsafe { zvals::is_true(self.as_ptr()) }
    }

    /// The value as an int, as `(int)` would make it of a scalar. Objects are warned of.
    pub fn to_long(&self) -> i64 {
        // SAFETY: `from_ptr` was promised a live zval.
        unsafe { ffi::zval_get_long_func(self.as_ptr(), false) }
    }

    /// The type's name, as PHP's own messages have it.
    pub fn type_name(&self) -> &CStr {
        // SAFETY: `from_ptr` was promised a live zval. The engine returns a constant, or the name of an object's class.
        unsafe { series::type_name(self.as_ptr()) }
    }

    /// The value as a string, as `(string)` would make it. May run user code (`__toString`).
    pub fn to_string(&self) -> Result<Str, Thrown> {
        // SAFETY: `from_ptr` was promised a live zval that stays one.
        unsafe { zvals::to_string(self.as_ptr()) }
    }
}

/// A zval of this frame. Dropping it gives the value up.
#[repr(transparent)]
pub struct Local(UnsafeCell<Zval>);

impl Local {
    /// Undefined, for a value to be put into.
    #[inline]
    pub fn new() -> Self {
        Self(UnsafeCell::new(zvals::empty()))
    }

    /// null
    #[inline]
    pub fn null() -> Self {
        let mut local = Self::new();
        local.slot().set_null();
        local
    }

    /// true or false
    #[inline]
    pub fn of_bool(value: bool) -> Self {
        let mut local = Self::new();
        local.slot().set_bool(value);
        local
    }

    /// An int.
    #[inline]
    pub fn of_long(value: i64) -> Self {
        let mut local = Self::new();
        local.slot().set_long(value);
        local
    }

    /// A float.
    #[inline]
    pub fn of_double(value: f64) -> Self {
        let mut local = Self::new();
        local.slot().set_double(value);
        local
    }

    /// A string.
    #[inline]
    pub fn of_string(string: Str) -> Self {
        let mut local = Self::new();
        local.slot().set_string(string);
        local
    }

    /// An array.
    #[inline]
    pub fn of_array(array: Held<Array>) -> Self {
        let mut local = Self::new();
        local.slot().set_array(array);
        local
    }

    /// Another owner of an object.
    #[inline]
    pub fn of_object(object: &Object) -> Self {
        let mut local = Self::new();
        local.slot().set_object(Held::of(object));
        local
    }

    /// Another owner of `value`.
    #[inline]
    pub fn copy_of(value: &Value) -> Self {
        let mut local = Self::new();
        local.slot().copy(value);
        local
    }

    /// The place.
    #[inline]
    pub fn slot(&mut self) -> Slot<'_> {
        // SAFETY: a zval is always live in there, and the borrow keeps all others away from it.
        unsafe { Slot::new(self.0.get()) }
    }

    /// The place, which no user code can reach.
    #[inline]
    pub fn own(&mut self) -> Own<'_> {
        Own(self.slot())
    }

    /// The place behind the reference that it holds: user code that runs may change the value there, but the place stays, as long as
    /// this holds the reference. `None`: it holds none.
    pub fn behind_reference(&self) -> Option<Slot<'_>> {
        // SAFETY: a live reference, which this holds.
        (self.kind() == REFERENCE).then(|| unsafe { Slot::new(zvals::deref(self.0.get())) })
    }

    /// Puts a value in place of the old one, which is returned.
    ///
    /// # Safety
    /// No reference into the old value is in use.
    #[inline]
    pub unsafe fn replace(&self, new: Local) -> Local {
        // SAFETY: two live zvals; the caller promises that nothing refers to the old value.
        unsafe { zvals::swap(self.0.get(), new.0.get()) };
        new
    }

    /// The zval, for the functions that fill or read one.
    #[inline]
    pub fn zval(&mut self) -> &mut Zval {
        self.0.get_mut()
    }

    /// The zval, whose value the caller gives up.
    #[inline]
    pub fn into_inner(self) -> Zval {
        self.0.into_inner()
    }
}

impl Deref for Local {
    type Target = Value;

    #[inline(always)]
    fn deref(&self) -> &Value {
        // SAFETY: a zval is always live in there; `slot` asks for `&mut self`, `replace` for its promise.
        unsafe { Value::from_ptr(self.0.get()) }
    }
}

impl From<Zval> for Local {
    fn from(zval: Zval) -> Self {
        Self(UnsafeCell::new(zval))
    }
}

/// A place that holds a live zval, for one writer. User code must not run while there is one in an array, an object or a reference that it
/// could change or free: what may run user code with a place in hand asks for an [`Own`], and what is asked for here either runs none, or
/// uses the slot up and runs it last.
pub struct Slot<'a> {
    at: *mut Zval,
    lives: PhantomData<&'a mut Zval>,
}

/// The `set_…` overwrite the old value without giving it up: a counted one is lost, to the end of the request.
impl<'a> Slot<'a> {
    /// # Safety
    /// `at` points to a live zval, which stays where it is, and is changed only through this slot, until that is used
    /// up, or for `'a`.
    #[inline(always)]
    pub unsafe fn new(at: *mut Zval) -> Self {
        Self { at, lives: PhantomData }
    }

    /// A zval that Rust borrows.
    #[inline(always)]
    pub fn of(zval: &'a mut Zval) -> Self {
        Self { at: zval, lives: PhantomData }
    }

    /// The engine's structure.
    #[inline(always)]
    pub fn as_ptr(&self) -> *mut Zval {
        self.at
    }

    /// The value that is there.
    #[inline(always)]
    pub fn value(&self) -> &Value {
        // SAFETY: `new` was promised a live zval, which only this slot changes.
        unsafe { Value::from_ptr(self.at) }
    }

    /// The same place, for a while.
    #[inline(always)]
    pub fn reborrow(&mut self) -> Slot<'_> {
        Slot { at: self.at, lives: PhantomData }
    }

    /// The place behind it, if it holds a reference; else itself.
    #[inline]
    pub fn dereference(self) -> Slot<'a> {
        // SAFETY: `new` was promised a live zval, which holds its reference.
        unsafe { Slot::new(zvals::deref(self.at)) }
    }

    /// null
    #[inline(always)]
    pub fn set_null(&mut self) {
        // SAFETY: `new` was promised a place that this may write to.
        unsafe { zvals::set_null(self.at) };
    }

    /// true or false
    #[inline(always)]
    pub fn set_bool(&mut self, value: bool) {
        // SAFETY: `new` was promised a place that this may write to.
        unsafe { zvals::set_bool(self.at, value) };
    }

    /// An int.
    #[inline(always)]
    pub fn set_long(&mut self, value: i64) {
        // SAFETY: `new` was promised a place that this may write to.
        unsafe { zvals::set_long(self.at, value) };
    }

    /// A float.
    #[inline]
    pub fn set_double(&mut self, value: f64) {
        // SAFETY: `new` was promised a place that this may write to.
        unsafe { zvals::set_double(self.at, value) };
    }

    /// A string.
    #[inline]
    pub fn set_string(&mut self, string: Str) {
        // SAFETY: `new` was promised a place that this may write to.
        unsafe { zvals::set_string(self.at, string) };
    }

    /// A string of this length (two or more), whose bytes are still to be written, before PHP code can see it.
    #[inline]
    pub fn set_unwritten_string(&mut self, len: usize) -> &mut [MaybeUninit<u8>] {
        // SAFETY: `new` was promised a place that this may write to; the bytes live as long as the slot holds them.
        unsafe { set_unwritten_string(self.at, len) }
    }

    /// Changes a byte of the string that it holds where it is, so that a long one is not copied. False if it holds none
    /// with such a byte, or others own it as well.
    pub fn set_byte(&mut self, offset: usize, byte: u8) -> bool {
        let Some(string) = self.value().string() else { return false };
        // SAFETY: the string has that byte, and the borrow of its bytes has ended.
        offset < string.bytes().len() && unsafe { set_byte(string.as_ptr(), offset, byte) }
    }

    /// An array.
    #[inline]
    pub fn set_array(&mut self, array: Held<Array>) {
        // SAFETY: `new` was promised a place that this may write to; the count moves along.
        unsafe { zvals::set_array(self.at, array.into_raw()) };
    }

    /// An object.
    #[inline]
    pub fn set_object(&mut self, object: Held<Object>) {
        // SAFETY: `new` was promised a place that this may write to; the count moves along.
        unsafe { zvals::set_object(self.at, object.into_raw()) };
    }

    /// A pointer to another place, as tables of properties hold for declared ones.
    #[inline]
    pub fn set_indirect(&mut self, to: *mut Zval) {
        // SAFETY: `new` was promised a place that this may write to.
        unsafe {
            (*self.at).value.zv = to;
            (*self.at).u1.type_info = INDIRECT;
        }
    }

    /// Another owner of `value`.
    #[inline]
    pub fn copy(&mut self, value: &Value) {
        // SAFETY: `new` was promised a place that this may write to; `value` is alive.
        unsafe { zvals::copy(self.at, value.as_ptr()) };
    }

    /// Exchanges the values of two places.
    #[inline]
    pub fn swap(&mut self, other: &mut Slot) {
        // SAFETY: both were promised to be live, and to change only through the two slots.
        unsafe { zvals::swap(self.at, other.at) };
    }

    /// Refuses to make an array of a null, a false or nothing behind a reference that a typed property shares, where its type has none.
    pub fn check_array(&self) -> Result<(), Thrown> {
        if self.value().is_typed_reference() {
            // SAFETY: `new` was promised a live zval, which holds its reference.
            unsafe { zend_verify_ref_array_assignable(zvals::reference_of(self.at)) };
        }
        check()
    }

    /// Puts a value in place of the old one, through a reference if there is one. May run destructors, and throw where a
    /// typed property shares the reference.
    pub fn assign(self, value: Local) -> Result<(), Thrown> {
        if self.value().is_typed_reference() {
            // Both are held: converting the value may run user code, which may give the reference up; and the destructor of the old
            // value runs last.
            let _held = (Local::copy_of(self.value()), Local::copy_of(self.value().dereference()));
            let value = ManuallyDrop::new(value);
            // SAFETY: `new` was promised a live zval, which holds its reference; the engine takes the value over.
            unsafe { ffi::zend_try_assign_typed_ref_zval((*self.at).value.ref_, value.as_ptr()) };
            return check();
        }
        let mut value = value;
        self.dereference().swap(&mut value.slot());
        // The old value is given up last, as user code may see the place.
        drop(value);
        Ok(())
    }

    /// Gives up the value, and leaves nothing. May run destructors.
    #[inline]
    pub fn release(self) {
        // SAFETY: `new` was promised a live zval; it is emptied before user code runs.
        unsafe { zvals::release(self.at) };
    }
}

/// A place that user code cannot reach, so that what is there stays while some runs: in a value that the statement which runs has for
/// itself. Its arrays have one owner each; objects and references in it have places of their own, which user code may reach.
pub struct Own<'a>(Slot<'a>);

impl<'a> Own<'a> {
    /// # Safety
    /// No user code that can change or free what the place is in runs before this is used up.
    #[inline]
    pub unsafe fn new(slot: Slot<'a>) -> Self {
        Self(slot)
    }

    /// The place, for what uses it up.
    #[inline]
    pub fn into_slot(self) -> Slot<'a> {
        self.0
    }
}

impl<'a> Deref for Own<'a> {
    type Target = Slot<'a>;

    #[inline(always)]
    fn deref(&self) -> &Slot<'a> {
        &self.0
    }
}

impl DerefMut for Own<'_> {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.0
    }
}
