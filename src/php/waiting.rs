//! Waiting until something has changed: `wait`, `waitFor`, `version`.

use ext_php_rs::ffi::{self, zval};
use ext_php_rs::zend::ExecuteData;

use super::accessors;
use super::call::{arguments, run};
use super::errors;
use super::handle::{Backend, Handle, Since, Wanted};
use super::legacy::retry_importing;
use super::names::{check_name, listed_name, name_of};
use super::timeout::Timeout;
use super::value::ZendVec;
use super::watching::{begin, finish, until};
use super::zend::{self, Array, Callback, Held, Local, Str, Thrown, Value, ZStr, int_argument};

pub extern "C" fn wait(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"|zzz"; names: Value, timeout: Value, since: Value);
        let this = call.this();
        let names = names.map(|names| names_of(names.dereference())).transpose()?.flatten();
        let timeout = Timeout::of(timeout, 2, None)?;
        let since = match since.map(|since| int_argument(since, 3)).transpose()?.flatten() {
            // (A number below 0 is a state that no store has.)
            Some(state) => Since::State(state as u64),
            None => Since::Seen,
        };
        let mut wanted = ZendVec::new();
        match &names {
            None => wanted.push(Wanted::anything()),
            Some(names) => {
                for name in names.values().filter_map(|name| name.string()) {
                    wanted.push(Wanted::key(name.bytes()));
                }
            }
        }
        let has_changed = begin(this, &mut wanted, since, timeout)? && finish(this, &mut wanted, timeout)?;
        call.result().set_bool(has_changed);
        Ok(())
    });
}

/// The names that the argument gives, as the values of an array; `None`: it is null.
fn names_of(argument: &Value) -> Result<Option<Held<Array>>, Thrown> {
    let mut names = Held::<Array>::new();
    if argument.kind() == zend::NULL {
        return Ok(None);
    }
    // (Held, so that user code changes a copy.)
    let given = Local::copy_of(argument);
    match given.array() {
        None => {
            let name = name_of(&given)?;
            check_name(&name)?;
            names.push(Local::of_string(name));
        }
        Some(array) if array.len() == 0 => {
            // SAFETY: the engine copies the words, a C string without arguments.
            unsafe { ffi::zend_argument_value_error(1, c"must not be an empty array".as_ptr()) };
            return Err(Thrown);
        }
        Some(array) => {
            for name in array.values() {
                let name = listed_name(name.dereference())?;
                check_name(&name)?;
                names.push(Local::of_string(name));
            }
        }
    }
    Ok(Some(names))
}

pub extern "C" fn wait_for(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"Sz|z", name: ZStr, condition: Value; timeout: Value);
        let (this, name) = (call.this(), Str::of(name));
        let condition = Callback::of(condition, 2)?;
        let timeout = Timeout::of(timeout, 3, None)?;
        check_name(&name)?;
        let found = until(this, name.bytes(), timeout, || {
            let mut value = Local::new();
            accessors::get(this, &name, value.slot())?;
            let is_so = condition.call(&[Local::copy_of(&value)])?.is_true();
            Ok(is_so.then_some(value))
        })?;
        let Some(mut value) = found else {
            let (name, file) = (String::from_utf8_lossy(name.bytes()), this.instance()?.store.display_address());
            return Err(errors::throw_timeout(&format!(
                "The value of '{name}' in '{file}' was not what was waited for in time."
            )));
        };
        call.result().swap(&mut value.slot());
        Ok(())
    });
}

pub extern "C" fn version(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        let state = retry_importing(call.this(), Handle::state)?;
        // (A position is less than 2^62.)
        call.result().set_long(state as i64);
        Ok(())
    });
}
