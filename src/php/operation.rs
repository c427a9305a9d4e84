//! Compound operators (`+=`, `.=`, `++` and their kin), applied to a value.

use std::ffi::c_int;
use std::ptr;

use ext_php_rs::ffi::{self, IS_DOUBLE, IS_FALSE, IS_LONG, IS_NULL, IS_STRING, IS_TRUE, zval};

use super::exclusive::Turn;
use super::zend::{self, Thrown};

/// An operator that changes a value.
#[derive(Clone, Copy)]
pub enum Operator {
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
    /// Whether it is `++` or `--`.
    pub fn is_step(self) -> bool {
        !matches!(self, Self::Binary(_))
    }

    /// Whether its result is the value that was there before.
    pub fn gives_old(self) -> bool {
        matches!(self, Self::Increment { give_old: true } | Self::Decrement { give_old: true })
    }

    /// Whether it has no side effects: no user code runs, nothing is warned of, and nothing thrown.
    ///
    /// Where this says no, it may still be so; the other way is longer, but right for everything.
    unsafe fn is_silent(self, value: *const zval, operand: *const zval) -> bool {
        // SAFETY: callers pass valid values.
        unsafe {
            match self {
                Self::Increment { .. } => matches!(zend::kind(value), IS_LONG | IS_DOUBLE | IS_NULL),
                // Of a null that it leaves as it is, PHP warns from 8.3 on.
                Self::Decrement { .. } => matches!(zend::kind(value), IS_LONG | IS_DOUBLE),
                Self::Binary(ffi::ZEND_CONCAT) => is_scalar(value) && is_scalar(operand),
                Self::Binary(ffi::ZEND_BW_OR | ffi::ZEND_BW_AND | ffi::ZEND_BW_XOR)
                    if zend::kind(value) == IS_STRING && zend::kind(operand) == IS_STRING =>
                {
                    true
                }
                Self::Binary(code) => match (Number::of(value), Number::of(operand)) {
                    (Some(left), Some(right)) => is_silent_on_numbers(code, left, right),
                    _ => false,
                },
            }
        }
    }

    /// Applies it in place to a number, if that has no side effects, whatever the numbers are: `++`, `+=` and their like, which
    /// most operators are. False: that is not said here.
    ///
    /// # Safety
    /// Both are valid.
    #[inline(always)]
    pub unsafe fn apply_to_number(self, value: *mut zval, operand: *mut zval) -> Result<bool, Thrown> {
        // SAFETY: valid by contract.
        unsafe {
            let is_number = |value: *mut zval| matches!(zend::kind(value), IS_LONG | IS_DOUBLE);
            let always_silent = match self {
                Self::Increment { .. } | Self::Decrement { .. } => true,
                Self::Binary(code) => {
                    matches!(code, ffi::ZEND_ADD | ffi::ZEND_SUB | ffi::ZEND_MUL) && is_number(operand)
                }
            };
            if !always_silent || !is_number(value) {
                return Ok(false);
            }
            self.apply(value, operand).map(|()| true)
        }
    }

    /// Puts its result for `old` into `new`, which holds nothing, if it has no side effects ([`Operator::is_silent`]): so
    /// it may be done on a value that turns out not to be the newest, and again on the next. False: it has.
    ///
    /// # Safety
    /// All are valid.
    pub unsafe fn silently(self, old: *const zval, operand: *const zval, new: *mut zval) -> Result<bool, Thrown> {
        // SAFETY: valid by contract; the operand is not changed.
        unsafe {
            if !self.is_silent(old, operand) {
                return Ok(false);
            }
            zend::copy(new, old);
            let applied = self.apply(new, operand.cast_mut());
            if applied.is_err() {
                zend::release(new);
            }
            applied.map(|()| true)
        }
    }

    /// Applies it in place. May run user code, and throw.
    #[inline(always)]
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

/// A scalar as arithmetic takes it.
#[derive(Clone, Copy)]
enum Number {
    Int(i64),
    Float(f64),
}

impl Number {
    /// `None` for what is none, or only with a warning.
    unsafe fn of(value: *const zval) -> Option<Self> {
        // SAFETY: callers pass a valid value.
        unsafe {
            match zend::kind(value) {
                IS_LONG => Some(Self::Int((*value).value.lval)),
                IS_DOUBLE => Some(Self::Float((*value).value.dval)),
                IS_NULL | IS_FALSE => Some(Self::Int(0)),
                IS_TRUE => Some(Self::Int(1)),
                IS_STRING => {
                    let string = (*value).value.str_;
                    let (mut int, mut float) = (0, 0.0);
                    let kind = ffi::_is_numeric_string_ex(
                        (&raw const (*string).val).cast(),
                        (*string).len,
                        &raw mut int,
                        &raw mut float,
                        false,
                        ptr::null_mut(),
                        ptr::null_mut(),
                    );
                    match u32::from(kind) {
                        IS_LONG => Some(Self::Int(int)),
                        IS_DOUBLE => Some(Self::Float(float)),
                        _ => None,
                    }
                }
                _ => None,
            }
        }
    }

    fn is_zero(self) -> bool {
        match self {
            Self::Int(int) => int == 0,
            Self::Float(float) => float == 0.0,
        }
    }

    fn is_negative(self) -> bool {
        match self {
            Self::Int(int) => int < 0,
            Self::Float(float) => float < 0.0,
        }
    }
}

/// See [`Operator::is_silent`]. Operators on whole numbers (`%`, `|`, `<<` …) warn of fractions that they cut off.
fn is_silent_on_numbers(code: u32, left: Number, right: Number) -> bool {
    let ints = matches!((left, right), (Number::Int(_), Number::Int(_)));
    match code {
        ffi::ZEND_ADD | ffi::ZEND_SUB | ffi::ZEND_MUL => true,
        ffi::ZEND_DIV => !right.is_zero(),
        // PHP 8.4 warns of what is a division by zero.
        ffi::ZEND_POW => !(left.is_zero() && right.is_negative()),
        ffi::ZEND_MOD => ints && !right.is_zero(),
        ffi::ZEND_SL | ffi::ZEND_SR => ints && !right.is_negative(),
        ffi::ZEND_BW_OR | ffi::ZEND_BW_AND | ffi::ZEND_BW_XOR => ints,
        _ => false,
    }
}

/// Whether a value is a scalar or a string, which become strings without a warning.
///
/// # Safety
/// `value` is valid.
pub unsafe fn is_scalar(value: *const zval) -> bool {
    // SAFETY: valid by contract.
    matches!(unsafe { zend::kind(value) }, IS_NULL | IS_FALSE | IS_TRUE | IS_LONG | IS_DOUBLE | IS_STRING)
}

/// One operator of one statement, with its operand and, in the end, its result.
pub struct Operation {
    operator: Operator,
    operand: zval,
    old: zval,
    new: zval,
    /// It has appended to a string, and user code may have said what.
    appended: bool,
}

impl Operation {
    /// An operation that has not been done yet; the operand has one more owner. (For `++` and `--` it is of no use.)
    ///
    /// # Safety
    /// `operand` is valid or null.
    pub unsafe fn new(operator: Operator, operand: *mut zval) -> Self {
        let mut operation =
            Self { operator, operand: zend::empty(), old: zend::empty(), new: zend::empty(), appended: false };
        if !operand.is_null() {
            // SAFETY: valid by contract.
            unsafe { zend::copy(&raw mut operation.operand, zend::deref(operand)) };
        }
        operation
    }

    /// The permission to do it, once.
    pub fn due(&mut self) -> Due<'_> {
        Due(self)
    }

    /// The value that was there before, once it is done.
    pub fn old(&mut self) -> *mut zval {
        &raw mut self.old
    }

    /// The value that it has made, once it is done.
    pub fn new_value(&mut self) -> *mut zval {
        &raw mut self.new
    }

    /// Nothing came of it.
    pub fn fail(&mut self) {
        // SAFETY: both are this operation's.
        unsafe {
            for value in [&raw mut self.old, &raw mut self.new] {
                zend::release(value);
                zend::set_null(value);
            }
        }
    }

    /// Computes the result anew where user code that has said what is appended to a string has changed that string
    /// meanwhile, as PHP looks at it afterwards; from PHP 8.3 on it keeps what was there before. Runs no user code.
    ///
    /// # Safety
    /// `value` is valid, and not this operation's.
    pub unsafe fn follow(&mut self, value: *const zval) -> Result<(), Thrown> {
        // SAFETY: valid by contract.
        unsafe {
            if !cfg!(php83) && self.appended && zend::kind(value) == IS_STRING {
                let _ = self.due().silently(value)?;
            }
        }
        Ok(())
    }

    /// Takes both values over; what the slots give up may run a destructor.
    unsafe fn keep(&mut self, mut old: zval, mut new: zval) {
        // SAFETY: callers pass valid values.
        unsafe {
            zend::swap(&raw mut self.old, &raw mut old);
            zend::swap(&raw mut self.new, &raw mut new);
        }
    }
}

/// An operation that is still to be done.
///
/// It can be done once, as it is used up by that: a function that gives it back has not done it. Computing the result
/// without side effects ([`Due::silently`]) does not count.
#[must_use]
pub struct Due<'o>(&'o mut Operation);

impl<'o> Due<'o> {
    /// Whether it is `++` or `--`, of which PHP's messages speak differently.
    pub fn is_step(&self) -> bool {
        self.0.operator.is_step()
    }

    /// Where the result will be.
    pub fn result(&mut self) -> *mut zval {
        &raw mut self.0.new
    }

    /// The operation, for when it is done.
    pub fn operation(&mut self) -> *mut Operation {
        &raw mut *self.0
    }

    /// Computes what it makes of `old`, if it has no side effects; may be done again. `None`: it
    /// cannot.
    ///
    /// # Safety
    /// `old` is valid, and not this operation's.
    pub unsafe fn silently(&mut self, old: *const zval) -> Result<Option<*mut zval>, Thrown> {
        // SAFETY: valid by contract.
        unsafe {
            let (mut before, mut new) = (zend::empty(), zend::empty());
            if !self.0.operator.silently(old, &raw const self.0.operand, &raw mut new)? {
                return Ok(None);
            }
            zend::copy(&raw mut before, old);
            self.0.keep(before, new);
            Ok(Some(self.result()))
        }
    }

    /// To be done now, while others are kept out, as the turn proves.
    pub fn during(self, _turn: &Turn) -> Running<'o> {
        Running(self)
    }
}

/// An operation that is about to be done, once, while others are kept out.
#[must_use]
pub struct Running<'o>(Due<'o>);

impl<'o> Running<'o> {
    /// Whether it is `++` or `--`, of which PHP's messages speak differently.
    pub fn is_step(&self) -> bool {
        self.0.is_step()
    }

    /// Where the result will be.
    pub fn result(&mut self) -> *mut zval {
        self.0.result()
    }

    /// Takes the permission back: it has not been done.
    pub fn defer(self) -> Due<'o> {
        self.0
    }

    /// Does it in place. May run user code, and throw.
    ///
    /// # Safety
    /// `value` is valid, and nothing else changes it.
    pub unsafe fn run(self, value: *mut zval) -> Result<(), Thrown> {
        let operation = self.0.0;
        // SAFETY: valid by contract.
        unsafe {
            let (mut old, mut new) = (zend::empty(), zend::empty());
            // One owner more, and a string that is appended to would be copied.
            if operation.operator.gives_old() {
                zend::copy(&raw mut old, value);
            }
            let operand = &raw mut operation.operand;
            let appends = matches!(operation.operator, Operator::Binary(ffi::ZEND_CONCAT));
            if appends && zend::kind(value) == IS_STRING && !is_scalar(operand) {
                let mut text = zend::empty();
                zend::set_string(&raw mut text, zend::to_string(operand)?);
                zend::check()?;
                zend::swap(operand, &raw mut text);
                operation.appended = true;
            }
            operation.operator.apply(value, &raw mut operation.operand)?;
            zend::copy(&raw mut new, value);
            operation.keep(old, new);
        }
        Ok(())
    }
}
