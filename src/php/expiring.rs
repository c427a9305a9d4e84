//! Values that expire: what a `$ttl` says, and how much of it is left.

use ext_php_rs::ffi;

use super::handle::{Expiry, Now};
use super::lifetime::Lifetime;
use super::zend::{self, Local, Number, Thrown, Value};

/// How long a value with this `$ttl`, the method's argument with this number, stays. One is gone at once for 0, less, or an interval
/// that leads back. May run user code (an error handler).
pub fn lifetime(ttl: Option<&Value>, number: u32) -> Result<Lifetime, Thrown> {
    let Some(ttl) = ttl.map(Value::dereference).filter(|ttl| ttl.kind() != zend::NULL) else {
        return Ok(Lifetime::ForEver);
    };
    if let Some(interval) = zend::date_interval(ttl) {
        return Ok(of_milliseconds(zend::microseconds_of(interval)? / 1000.0));
    }
    let seconds = ttl.long().map(|seconds| seconds as f64).or_else(|| ttl.double()).or_else(|| {
        Some(match ttl.string()?.number(false)?.0 {
            Number::Int(seconds) => seconds as f64,
            Number::Float(seconds) => seconds,
        })
    });
    match seconds {
        Some(seconds) if !seconds.is_nan() => Ok(of_milliseconds(seconds * 1000.0)),
        // SAFETY: the engine copies the words, which are C strings; the name of a type is one.
        given => unsafe {
            if given.is_some() {
                ffi::zend_argument_value_error(number, c"must not be NAN".as_ptr());
            } else {
                let words = c"must be of type DateInterval|int|float|null, %s given";
                ffi::zend_argument_type_error(number, words.as_ptr(), ttl.type_name().as_ptr());
            }
            Err(Thrown)
        },
    }
}

/// So many milliseconds. Those that are too many to be counted, and infinitely many, are for ever.
fn of_milliseconds(milliseconds: f64) -> Lifetime {
    const FOR_EVER: f64 = i64::MAX as f64;
    match milliseconds.ceil() {
        FOR_EVER.. => Lifetime::ForEver,
        // Not to end before its time: a part of a millisecond is one.
        1.0.. => Lifetime::For(milliseconds.ceil() as u64),
        _ => Lifetime::Over,
    }
}

/// The seconds until then, as a float; null: never, or it is over.
pub fn seconds_left(expiry: Option<Expiry>) -> Local {
    let left = expiry.map(|expiry| expiry.left(Now::read())).filter(|left| !left.is_zero());
    left.map_or_else(Local::null, |left| Local::of_double(left.as_secs_f64()))
}
