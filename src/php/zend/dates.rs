//! Dates: how long a `DateInterval` is, from now on.

use std::ptr;

use ext_php_rs::ffi;

use super::calls::{call_method, method};
use super::executor::{Thrown, check};
use super::objects::{Object, new_object};
use super::strings::{Number, Str};
use super::types::zend_class_entry;
use super::values::{Local, Value};

unsafe extern "C" {
    fn php_date_get_interval_ce() -> *mut zend_class_entry;
    fn php_date_get_immutable_ce() -> *mut zend_class_entry;
}

/// The `DateInterval` that a value is, if it is one.
pub fn date_interval(value: &Value) -> Option<&Object> {
    value.object().filter(|object| {
        // SAFETY: the class of ext/date, which is a part of every PHP, and that of a live object.
        unsafe {
            let interval = php_date_get_interval_ce();
            ptr::eq(object.class(), interval) || ffi::instanceof_function_slow(object.class(), interval)
        }
    })
}

/// How many microseconds there are from now to the end of an interval that begins now, in the default time zone: a month is as long as
/// this one. Negative for one that leads back. May run user code (an error handler).
pub fn microseconds_of(interval: &Object) -> Result<f64, Thrown> {
    let (mut now, mut then) = (Local::new(), Local::new());
    // SAFETY: the class of ext/date, which has these methods; it can be instantiated, and takes no arguments for "now". Each object is
    // held by its local during the calls; `add` takes an interval, and looks at it only.
    unsafe {
        let class = php_date_get_immutable_ce();
        if !new_object(now.zval(), class) {
            return Err(Thrown);
        }
        let now = now.object().expect("it was just made");
        call_method(now.as_ptr(), method(class, "__construct"), Local::new().zval(), ptr::null_mut());
        check()?;
        let mut argument = Local::of_object(interval);
        call_method(now.as_ptr(), method(class, "add"), then.zval(), argument.zval());
        check()?;
        let then = then.object().ok_or(Thrown)?;
        Ok(microseconds(then)? - microseconds(now)?)
    }
}

/// The microseconds from 1970 to a `DateTimeImmutable`.
fn microseconds(date: &Object) -> Result<f64, Thrown> {
    let part = |letter: &[u8]| {
        let (mut format, mut text) = (Local::of_string(Str::new(letter)), Local::new());
        // SAFETY: the object is held by the caller; its class has the method, which takes a string.
        unsafe {
            call_method(date.as_ptr(), method(date.class(), "format"), text.zval(), format.zval());
        }
        check()?;
        Ok(match text.string().and_then(|text| text.number(false)) {
            Some((Number::Int(int), _)) => int as f64,
            Some((Number::Float(float), _)) => float,
            None => 0.0,
        })
    };
    // (The second part counts on from the first, also before 1970.)
    Ok(part(b"U")? * 1e6 + part(b"u")?)
}
