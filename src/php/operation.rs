//! Compound operators (`+=`, `.=`, `++` and their kin), applied to a value.

use std::cell::Cell;
use std::ffi::c_int;

use ext_php_rs::ffi;

use super::exclusive::Turn;
use super::zend::{self, Local, Number, Own, Slot, Thrown, Value, series};

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
    fn is_silent(self, value: &Value, operand: &Value) -> bool {
        match self {
            Self::Increment { .. } => is_number(value) || value.kind() == zend::NULL,
            // Of a null that it leaves as it is, PHP warns from 8.3 on.
            Self::Decrement { .. } => is_number(value),
            Self::Binary(ffi::ZEND_CONCAT) => value.is_scalar() && operand.is_scalar(),
            Self::Binary(ffi::ZEND_BW_OR | ffi::ZEND_BW_AND | ffi::ZEND_BW_XOR)
                if value.kind() == zend::STRING && operand.kind() == zend::STRING =>
            {
                true
            }
            Self::Binary(code) => match (number_of(value), number_of(operand)) {
                (Some(left), Some(right)) => is_silent_on_numbers(code, left, right),
                _ => false,
            },
        }
    }

    /// Applies it in place to a number, if that has no side effects, whatever the numbers are: `++`, `+=` and their like, which
    /// most operators are. False: that is not said here.
    #[inline(always)]
    pub fn apply_to_number(self, value: Slot, operand: &Value) -> Result<bool, Thrown> {
        let always_silent = match self {
            Self::Increment { .. } | Self::Decrement { .. } => true,
            Self::Binary(code) => matches!(code, ffi::ZEND_ADD | ffi::ZEND_SUB | ffi::ZEND_MUL) && is_number(operand),
        };
        if !always_silent || !is_number(value.value()) {
            return Ok(false);
        }
        self.apply(value, operand).map(|()| true)
    }

    /// The integer that it adds to an integer; `None`: it does something else.
    pub fn addend(self, operand: &Value) -> Option<i64> {
        match self {
            Self::Increment { .. } => Some(1),
            Self::Decrement { .. } => Some(-1),
            Self::Binary(ffi::ZEND_ADD) => operand.long(),
            Self::Binary(ffi::ZEND_SUB) => operand.long()?.checked_neg(),
            Self::Binary(_) => None,
        }
    }

    /// The result that it has for `old`, if nobody can notice that it is computed ([`Operator::is_silent`]): so it may be
    /// done on a value that turns out not to be the newest, and again on the next. `None`: somebody can.
    pub fn silently(self, old: &Value, operand: &Value) -> Result<Option<Local>, Thrown> {
        if !self.is_silent(old, operand) {
            return Ok(None);
        }
        let mut new = Local::copy_of(old);
        self.apply(new.slot(), operand)?;
        Ok(Some(new))
    }

    /// Applies it in place. May run user code, and throw.
    #[inline(always)]
    fn apply(self, value: Slot, operand: &Value) -> Result<(), Thrown> {
        let value = value.as_ptr();
        // SAFETY: the slot and the operand live; the operator reads the one, and changes the other.
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
                        operation(value, value, operand.as_ptr());
                    }
                }
            }
        }
        zend::check()
    }
}

#[inline(always)]
fn is_number(value: &Value) -> bool {
    matches!(value.kind(), zend::LONG | zend::DOUBLE)
}

/// The number that arithmetic takes a value for; `None` where it takes it for none, or only with a warning.
fn number_of(value: &Value) -> Option<Number> {
    match value.kind() {
        zend::NULL | zend::FALSE => Some(Number::Int(0)),
        zend::TRUE => Some(Number::Int(1)),
        zend::STRING => Some(value.string()?.number(false)?.0),
        _ => value.long().map(Number::Int).or_else(|| value.double().map(Number::Float)),
    }
}

fn is_zero(number: Number) -> bool {
    match number {
        Number::Int(int) => int == 0,
        Number::Float(float) => float == 0.0,
    }
}

fn is_negative(number: Number) -> bool {
    match number {
        Number::Int(int) => int < 0,
        Number::Float(float) => float < 0.0,
    }
}

/// See [`Operator::is_silent`]. Operators on whole numbers (`%`, `|`, `<<` …) warn of fractions that they cut off.
fn is_silent_on_numbers(code: u32, left: Number, right: Number) -> bool {
    let ints = matches!((left, right), (Number::Int(_), Number::Int(_)));
    match code {
        ffi::ZEND_ADD | ffi::ZEND_SUB | ffi::ZEND_MUL => true,
        ffi::ZEND_DIV => !is_zero(right),
        // PHP 8.4 warns of what is a division by zero.
        ffi::ZEND_POW => !(is_zero(left) && is_negative(right)),
        ffi::ZEND_MOD => ints && !is_zero(right),
        ffi::ZEND_SL | ffi::ZEND_SR => ints && !is_negative(right),
        ffi::ZEND_BW_OR | ffi::ZEND_BW_AND | ffi::ZEND_BW_XOR => ints,
        _ => false,
    }
}

/// One operator of one statement, with its operand and, in the end, its result.
pub struct Operation {
    operator: Operator,
    operand: Local,
    old: Local,
    new: Local,
    /// It has appended to a string, and user code may have chosen the text.
    appended: Cell<bool>,
}

impl Operation {
    /// An operation that has not been done yet; the operand has one more owner. (`++` and `--` have none.)
    pub fn new(operator: Operator, operand: Option<&Value>) -> Self {
        let operand = operand.map_or_else(Local::new, |operand| Local::copy_of(operand.dereference()));
        Self { operator, operand, old: Local::new(), new: Local::new(), appended: Cell::new(false) }
    }

    /// The permission to do it, for the one way that comes to do it.
    pub fn due(&self) -> Due<'_> {
        Due(self)
    }

    /// The value that was there before, once it is done.
    pub fn old(&mut self) -> Slot<'_> {
        self.old.slot()
    }

    /// The value that it has made, once it is done.
    pub fn result(&self) -> &Local {
        &self.new
    }

    /// Leaves it without a result.
    pub fn fail(&self) {
        self.keep(Local::null(), Local::null());
    }

    /// Computes the result anew where user code that has chosen the text to append to a string has changed that string
    /// meanwhile, as PHP looks at it afterwards; from PHP 8.3 on it keeps the old one. Runs no user code.
    pub fn follow(&self, value: &Value) -> Result<(), Thrown> {
        if series::APPENDS_TO_CHANGED && self.appended.get() && value.kind() == zend::STRING {
            let _ = self.due().silently(value)?;
        }
        Ok(())
    }

    /// Takes both values over; giving up the former ones may run a destructor.
    fn keep(&self, old: Local, new: Local) {
        // SAFETY: the two are handed out whole, by `old`, `result` and `Due::result`; callers copy them.
        let former = unsafe { (self.old.replace(old), self.new.replace(new)) };
        drop(former);
    }
}

/// An operation that is still to be done.
///
/// It can be done once, as it is used up by that: a function that returns it has not done it. Computing it without
/// anybody noticing ([`Due::silently`]) does not count.
#[must_use]
pub struct Due<'o>(&'o Operation);

impl<'o> Due<'o> {
    /// Whether it is `++` or `--`, of which PHP's messages speak differently.
    pub fn is_step(&self) -> bool {
        self.0.operator.is_step()
    }

    /// Where the result will be.
    pub fn result(&self) -> &'o Local {
        &self.0.new
    }

    /// The operation, for when it is done.
    pub fn operation(&self) -> &'o Operation {
        self.0
    }

    /// Computes the result for `old`, if that can be done without anybody noticing; may be done again. `None`: it
    /// cannot.
    pub fn silently(&self, old: &Value) -> Result<Option<&'o Local>, Thrown> {
        let Some(new) = self.0.operator.silently(old, &self.0.operand)? else { return Ok(None) };
        self.0.keep(Local::copy_of(old), new);
        Ok(Some(self.result()))
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

    /// Whether it is `++`.
    pub fn is_increment(&self) -> bool {
        matches!(self.0.0.operator, Operator::Increment { .. })
    }

    /// Where the result will be.
    pub fn result(&self) -> &'o Local {
        self.0.result()
    }

    /// The operation, for when it is done.
    pub fn operation(&self) -> &'o Operation {
        self.0.operation()
    }

    /// Whether doing it to `old` runs no user code: nothing is warned of, and nothing thrown.
    pub fn is_silent(&self, old: &Value) -> bool {
        let operation = self.operation();
        operation.operator.is_silent(old, &operation.operand)
    }

    /// Takes the permission back: it has not been done.
    pub fn defer(self) -> Due<'o> {
        self.0
    }

    /// Does it in place. May run user code, and throw.
    pub fn run(self, mut value: Own) -> Result<(), Thrown> {
        let operation = self.0.0;
        // One owner more, and a string that is appended to would be copied.
        let old = if operation.operator.gives_old() { Local::copy_of(value.value()) } else { Local::new() };
        let appends = matches!(operation.operator, Operator::Binary(ffi::ZEND_CONCAT));
        if appends && value.value().kind() == zend::STRING && !operation.operand.is_scalar() {
            let text = Local::of_string(operation.operand.to_string()?);
            zend::check()?;
            // SAFETY: the operand is read here alone.
            drop(unsafe { operation.operand.replace(text) });
            operation.appended.set(true);
        }
        operation.operator.apply(value.reborrow(), &operation.operand)?;
        operation.keep(old, Local::copy_of(value.value()));
        Ok(())
    }
}
