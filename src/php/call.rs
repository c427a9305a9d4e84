//! A call of one of the class's methods.

use std::cell::Cell;
use std::ffi::CStr;
use std::ptr;
use std::slice;

use ext_php_rs::ffi::{self, zend_class_entry, zend_execute_data, zend_function, zval};
use ext_php_rs::zend::ExecuteData;
use smallvec::SmallVec;

use super::errors::contain;
use super::object::{self, SyncObject};
use super::running::is_of_class;
use super::zend::{self, Frame, Held, Local, Object, Slot, Thrown, Value, ZStr};

/// Arguments behind the first one. One by itself, as there is nearly always, takes no memory of the heap; more than that are for
/// [`park`](super::buffers::Buffers::park).
pub type Rest = SmallVec<[Local; 1]>;

/// A method call: `$this`, the arguments, and where the result goes.
pub struct Call<'a> {
    data: &'a mut ExecuteData,
    result: &'a mut zval,
}

/// Runs the body of a method: what it throws is pending when it returns, and no panic leaves it.
pub fn run(data: &mut ExecuteData, result: &mut zval, body: impl FnOnce(&mut Call) -> Result<(), Thrown>) {
    contain((), || {
        let _ = body(&mut Call { data, result });
    });
}

/// A structure of the engine's that an argument is parsed to.
///
/// # Safety
/// For each of its letters the engine's parser stores a pointer to one, which the frame of the call holds.
pub unsafe trait Argument {
    /// The letters that stand for it in a format.
    const LETTERS: &'static [u8];

    /// An argument as it is, if the parser would take it for letters that [are direct](is_direct) without a change.
    fn direct(argument: &Value) -> Option<&Self>;
}

// SAFETY: a pointer to the place of the argument in the frame, which the engine keeps until the method returns.
unsafe impl Argument for Value {
    const LETTERS: &'static [u8] = b"za";

    fn direct(argument: &Value) -> Option<&Self> {
        Some(argument)
    }
}

// SAFETY: the string in such a place: the parser puts one there where it was something else.
unsafe impl Argument for ZStr {
    const LETTERS: &'static [u8] = b"SP";

    fn direct(argument: &Value) -> Option<&Self> {
        argument.string()
    }
}

/// Whether the parser takes each argument of a format that is of the right type as it stands in the frame. It does not for an array or
/// a path, which are looked at, nor for a value that may be null, which becomes none.
pub const fn is_direct(format: &CStr) -> bool {
    let format = format.to_bytes();
    let mut at = 0;
    while at < format.len() {
        match format[at] {
            b'S' | b'z' | b'|' => {}
            b'!' if at > 0 && format[at - 1] == b'S' => {}
            _ => return false,
        }
        at += 1;
    }
    true
}

/// Whether a format has these letters, one of each set: those that are required, and those that may be left out.
pub const fn spells(format: &CStr, required: &[&[u8]], optional: &[&[u8]]) -> bool {
    let format = format.to_bytes();
    let (mut at, mut n, mut may_be_left_out) = (0, 0, false);
    while at < format.len() {
        match format[at] {
            b'|' if n == required.len() && !may_be_left_out => may_be_left_out = true,
            b'!' if n > required.len() => {}
            letter => {
                let letters = match n.checked_sub(required.len()) {
                    None => required[n],
                    Some(n) if may_be_left_out && n < optional.len() => optional[n],
                    Some(_) => return false,
                };
                let mut one = 0;
                while one < letters.len() && letters[one] != letter {
                    one += 1;
                }
                if one == letters.len() {
                    return false;
                }
                n += 1;
            }
        }
        at += 1;
    }
    n == required.len() + optional.len()
}

/// Parses the arguments of a call, as PHP's own methods do: `name: Value` becomes a `&Value`; behind the semicolon, those
/// that may be left out or null, an `Option<&Value>`. A format that does not say the same does not compile.
///
/// Arguments that are of the right types, as they nearly always are, are taken from the frame: the engine's parser reads the format, twice,
/// in each call, which takes as long as a short method. All else is left to it: conversions, references, messages.
macro_rules! arguments {
    ($call:expr, $format:literal $(, $required:ident: $type:ty)* $(; $($optional:ident: $optional_type:ty),+)?) => {
        const {
            assert!(super::call::spells(
                $format,
                &[$(<$type as super::call::Argument>::LETTERS),*],
                &[$($(<$optional_type as super::call::Argument>::LETTERS),+)?]
            ));
        }
        let direct = $call.direct(const { super::call::is_direct($format) });
        $(let mut $required: Option<&$type> = direct.take();)*
        $($(let mut $optional: Option<&$optional_type> = if direct.has_more() { direct.take() } else { None };)+)?
        if !direct.are_taken() {
            // SAFETY: the format has been compared with the types, each of which is a pointer or null to the engine.
            let outcome = unsafe {
                ext_php_rs::ffi::zend_parse_parameters(
                    $call.arguments(), $format.as_ptr() $(, &raw mut $required)* $($(, &raw mut $optional)+)?
                )
            };
            if outcome != 0 {
                return Err(Thrown);
            }
        }
        $(let $required = $required.expect("the parser stores all that are required");)*
    };
}

impl<'a> Call<'a> {
    /// The object that the method was called on.
    pub fn object(&self) -> &'a Object {
        // SAFETY: a method that is not static has an object, which the frame of the call holds.
        unsafe { Object::from_ptr(self.data.This.value.obj) }
    }

    /// The same, with the fields of this extension.
    pub fn this(&self) -> &'a SyncObject {
        // SAFETY: the engine calls methods of this class only on objects of it, which the frame of the call holds.
        unsafe { SyncObject::of(self.object().as_ptr()) }
    }

    /// Where the result goes: null so far.
    pub fn result(&mut self) -> Slot<'_> {
        Slot::of(self.result)
    }

    /// The frame of the caller, or null.
    pub fn caller(&self) -> *mut zend_execute_data {
        self.data.prev_execute_data
    }

    /// How many arguments there are.
    pub fn arguments(&self) -> u32 {
        // SAFETY: in a frame, the engine keeps the number in this member.
        unsafe { self.data.This.u2.num_args }
    }

    /// The one argument, where there is no other, and it is a string without a NUL: as the engine's parser takes it for a path,
    /// which takes several times as long.
    pub fn only_path(&self) -> Option<&'a ZStr> {
        let arguments = self.direct(true);
        let path: Option<&'a ZStr> = arguments.take();
        path.filter(|path| {
            // (There are paths with a NUL, which are for the parser to refuse.)
            // SAFETY: the engine ends each string with a NUL.
            let until_nul = unsafe { CStr::from_ptr(path.bytes().as_ptr().cast()) }.count_bytes();
            until_nul == path.bytes().len() && arguments.are_taken()
        })
    }

    /// The arguments as they stand in the frame, for a format that [is direct](is_direct).
    pub fn direct(&self, fits: bool) -> Direct<'a> {
        // SAFETY: in the frame of a call so many arguments follow, which it holds until the method returns.
        let left = unsafe {
            let first = ptr::from_ref(&*self.data).cast::<zval>().add(zend::FRAME);
            slice::from_raw_parts(first, self.arguments() as usize)
        };
        Direct { left: Cell::new(left), fits: Cell::new(fits) }
    }

    /// The one argument, an object of a class.
    pub fn object_argument(&self, class: *mut zend_class_entry) -> Result<&'a Object, Thrown> {
        let mut argument: Option<&'a Value> = None;
        // SAFETY: the format asks for the place of an object, and for the class that it must have.
        let outcome = unsafe { ffi::zend_parse_parameters(self.arguments(), c"O".as_ptr(), &raw mut argument, class) };
        argument.filter(|_| outcome == 0).and_then(Value::object).ok_or(Thrown)
    }

    /// The first argument, and all that follow, each with one more owner.
    pub fn first_and_rest(&self) -> Result<(&'a Value, Rest), Thrown> {
        let (mut first, mut rest, mut count): (Option<&'a Value>, *const zval, u32) = (None, ptr::null(), 0);
        // SAFETY: the format asks for the place of a value, and for that and the number of those behind it; it refuses named ones.
        let outcome = unsafe {
            ffi::zend_parse_parameters(self.arguments(), c"z*".as_ptr(), &raw mut first, &raw mut rest, &raw mut count)
        };
        let first = first.filter(|_| outcome == 0).ok_or(Thrown)?;
        // SAFETY: the parser has counted them in the frame, which lives until the method returns.
        let rest = (0..count as usize).map(|n| Local::copy_of(unsafe { Value::from_ptr(rest.add(n)) }.dereference()));
        Ok((first, rest.collect()))
    }

    /// Returns the object itself.
    pub fn return_this(&mut self) {
        let this = Held::of(self.object());
        self.result().set_object(this);
    }

    /// Returns the iterator of the object, as the engine wraps it for PHP programs.
    pub fn return_iterator(&mut self) {
        // SAFETY: the place of the result, and that of the object, which is of a class with an iterator.
        unsafe { ffi::zend_create_internal_iterator_zval(self.result, &raw mut self.data.This) };
    }

    /// A method of the object's class, by its name in lower case, where a subclass overrides it.
    fn overriding(&self, name: &str) -> Option<*mut zend_function> {
        // SAFETY: the class of a live object, which keeps its methods; each has the scope of the class that declares it.
        unsafe {
            let method = zend::method(self.object().class(), name);
            (!method.is_null() && !ptr::eq((*method).common.scope, object::class())).then_some(method)
        }
    }

    /// Whether a subclass overrides `name`.
    pub fn overrides(&self, name: &str) -> bool {
        self.overriding(name).is_some()
    }

    /// Whether the caller is a method of a subclass that has one of these names, and runs for the same object.
    pub fn is_called_by(&self, names: &[&str]) -> bool {
        // SAFETY: null or the frame of the caller, which runs on when this call returns.
        unsafe { Frame::of(self.caller()) }.is_some_and(|caller| is_of_class(caller, self.this(), names))
    }

    /// The result of `name` where a subclass overrides it, since the original's methods called each other; else `None`.
    pub fn overridden(&self, name: &str, arguments: &[Local]) -> Result<Option<Local>, Thrown> {
        let Some(method) = self.overriding(name) else { return Ok(None) };
        // SAFETY: just found in the object's class.
        unsafe { self.object().call(method, arguments) }.map(Some)
    }
}

/// The arguments of a call that stand in its frame, which are taken one by one.
pub struct Direct<'a> {
    left: Cell<&'a [zval]>,
    /// Whether each so far is of its type.
    fits: Cell<bool>,
}

impl<'a> Direct<'a> {
    /// The next one, if it is of the type.
    pub fn take<T: Argument>(&self) -> Option<&'a T> {
        let next = self.left.get().split_first().filter(|_| self.fits.get()).and_then(|(next, left)| {
            self.left.set(left);
            T::direct(Value::of(next))
        });
        self.fits.set(next.is_some());
        next
    }

    /// Whether another one is given.
    pub fn has_more(&self) -> bool {
        !self.left.get().is_empty()
    }

    /// Whether all have been taken, each of its type.
    pub fn are_taken(&self) -> bool {
        self.fits.get() && self.left.get().is_empty()
    }
}

pub(super) use arguments;
