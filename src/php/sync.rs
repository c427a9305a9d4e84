//! class Sync: its methods, a table of contents of the API.

use std::ptr;
use std::time::Duration;

use ext_php_rs::ffi::{self, BP_VAR_IS, BP_VAR_R, BP_VAR_UNSET, BP_VAR_W, IS_NULL, zend_string, zval};
use ext_php_rs::zend::ExecuteData;

use super::accessors;
use super::call::{Call, arguments, run};
use super::errors;
use super::exclusive::exclusive;
use super::handle::{Backend, Handle, Patience};
use super::ini;
use super::instance::Instance;
use super::legacy::retry_importing;
use super::lifecycle;
use super::names::{legal_offset, name_of};
use super::object::SyncObject;
use super::opline::Opline;
use super::property;
use super::public::public_properties;
use super::serialization::{serialize, unserialize};
use super::settings::{options, policy};
use super::signatures::{self, SyncMethods};
use super::views;
use super::whole;
use super::zend::{self, Slot, Str, Thrown, Value};

/// Registers the class. Called once, at module startup.
pub fn register() -> ext_php_rs::error::Result<()> {
    let class = signatures::register_sync(&SyncMethods {
        magic_construct: construct,
        magic_get,
        magic_set,
        magic_isset,
        magic_unset,
        get,
        set,
        has,
        remove,
        lock,
        unlock,
        get_file,
        set_file,
        get_data,
        set_data,
        destroy,
        count,
        get_iterator,
        json_serialize,
        magic_serialize: serialize,
        magic_unserialize: unserialize,
        offset_get,
        offset_set,
        offset_exists,
        offset_unset,
    })?;
    // SAFETY: just registered, by the only thread that there is at startup.
    lifecycle::set_class(unsafe { &mut *class.as_ptr() });
    Ok(())
}

impl Call<'_> {
    /// Reads a value by `get` where a subclass overrides it.
    ///
    /// # Safety
    /// `name` is valid, and held by the caller.
    unsafe fn read(&self, name: *mut zval) -> Result<(), Thrown> {
        // SAFETY: the caller holds the name; the engine has passed a place for the result.
        unsafe {
            if !self.overridden("get", &mut list([name]), self.result)? {
                property::read(self.this(), &*name_of(name)?, Slot::new(self.result))?;
            }
        }
        Ok(())
    }

    /// Stores a value by `set` where a subclass overrides it.
    ///
    /// # Safety
    /// As for [`Call::read`]; the value, too.
    unsafe fn store(&self, name: *mut zval, value: *mut zval) -> Result<(), Thrown> {
        // SAFETY: the caller holds name and value.
        unsafe {
            let mut ignored = zend::empty();
            if self.overridden("set", &mut list([name, value]), &raw mut ignored)? {
                return Ok(());
            }
            property::write(self.this(), &*name_of(name)?, Value::from_ptr(value).dereference())
        }
    }

    /// Asks whether a value is there by `has` where a subclass overrides it.
    ///
    /// # Safety
    /// As for [`Call::read`].
    unsafe fn ask(&self, name: *mut zval) -> Result<(), Thrown> {
        // SAFETY: the caller holds the name; the engine has passed a place for the result.
        unsafe {
            if !self.overridden("has", &mut list([name]), self.result)? {
                self.return_bool(is_set(self.this(), &name_of(name)?)?);
            }
        }
        Ok(())
    }

    /// Removes a value by `remove` where a subclass overrides it.
    ///
    /// # Safety
    /// As for [`Call::read`].
    unsafe fn drop(&self, name: *mut zval) -> Result<(), Thrown> {
        // SAFETY: the caller holds the name.
        unsafe {
            let mut ignored = zend::empty();
            if self.overridden("remove", &mut list([name]), &raw mut ignored)? {
                return Ok(());
            }
            property::remove(self.this(), &*name_of(name)?)
        }
    }
}

/// An argument list for `Call::overridden`.
///
/// # Safety
/// The values are valid.
unsafe fn list<const N: usize>(values: [*mut zval; N]) -> [zval; N] {
    values.map(|value| {
        let mut copy = zend::empty();
        // SAFETY: the caller promises live values.
        unsafe { zend::copy(&raw mut copy, value) };
        copy
    })
}

extern "C" fn construct(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut file: *mut zend_string = ptr::null_mut();
        let mut allowed_classes: *mut zval = ptr::null_mut();
        let mut durability: *mut zend_string = ptr::null_mut();
        arguments!(call, c"P|z!S!", file, allowed_classes, durability);
        let policy = policy(allowed_classes)?;
        // SAFETY: parsed as strings, which the caller of the method holds.
        unsafe {
            let durability = if durability.is_null() {
                ini::durability()
            } else {
                ini::parse_durability(zend::bytes(durability)).ok_or_else(|| {
                    ffi::zend_argument_value_error(3, c"must be \"none\" or \"commit\"".as_ptr());
                    Thrown
                })?
            };
            let instance = Instance::named(zend::bytes(file), options(durability))?;
            let this = call.this();
            this.set_policy(policy);
            this.set_instance(instance);
        }
        Ok(())
    });
}

extern "C" fn magic_get(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut name: *mut zval = ptr::null_mut();
        arguments!(call, c"z", name);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe { call.read(name) }
    });
}

extern "C" fn magic_set(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let (mut name, mut value): (*mut zval, *mut zval) = (ptr::null_mut(), ptr::null_mut());
        arguments!(call, c"zz", name, value);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe { call.store(name, value) }
    });
}

extern "C" fn magic_isset(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut name: *mut zval = ptr::null_mut();
        arguments!(call, c"z", name);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe { call.ask(name) }
    });
}

/// Whether a property is there and not null; to a class that overrides how it is read, whether that gives
/// anything but null, as in the original.
///
/// # Safety
/// The caller holds both.
unsafe fn is_set(this: &SyncObject, name: &Str) -> Result<bool, Thrown> {
    // SAFETY: the caller holds both.
    unsafe {
        if !this.overrides.get || this.declares(name.as_ptr()) {
            return property::is_set(this, name);
        }
        let mut value = zend::empty();
        accessors::get(this, name, Slot::new(&raw mut value))?;
        Ok(zend::kind(&raw const value) != IS_NULL)
    }
}

extern "C" fn magic_unset(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut name: *mut zval = ptr::null_mut();
        arguments!(call, c"z", name);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe { call.drop(name) }
    });
}

extern "C" fn get(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let (mut name, mut default): (*mut zval, *mut zval) = (ptr::null_mut(), ptr::null_mut());
        arguments!(call, c"z|z", name, default);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe {
            if !property::read(call.this(), &*name_of(name)?, Slot::new(call.result))? && !default.is_null() {
                zend::copy(call.result, zend::deref(default));
            }
        }
        Ok(())
    });
}

extern "C" fn set(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let (mut name, mut value): (*mut zval, *mut zval) = (ptr::null_mut(), ptr::null_mut());
        arguments!(call, c"zz", name, value);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe {
            let value = zend::deref(value);
            property::write(call.this(), &*name_of(name)?, Value::from_ptr(value))?;
            zend::copy(call.result, value);
        }
        Ok(())
    });
}

extern "C" fn has(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut name: *mut zval = ptr::null_mut();
        arguments!(call, c"z", name);
        // SAFETY: parsed, and held by the caller of the method.
        call.return_bool(unsafe { is_set(call.this(), &name_of(name)?)? });
        Ok(())
    });
}

extern "C" fn remove(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut name: *mut zval = ptr::null_mut();
        arguments!(call, c"z", name);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe { property::remove(call.this(), &*name_of(name)?)? };
        call.return_this();
        Ok(())
    });
}

extern "C" fn lock(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let (mut timeout, mut interval): (*mut zval, *mut zval) = (ptr::null_mut(), ptr::null_mut());
        arguments!(call, c"|zz", timeout, interval);
        let mut patience = Patience::default();
        if !timeout.is_null() {
            // SAFETY: parsed.
            let seconds = unsafe { number(timeout) };
            patience.timeout = seconds
                .and_then(timeout_of)
                .ok_or_else(|| errors::throw_sync("Lock timeout should be an integer greater or equals to 0."))?;
        }
        if !interval.is_null() {
            // SAFETY: parsed.
            let number = unsafe { number(interval) };
            patience.interval = number.filter(|&number| number >= 5000.0).map(microseconds).ok_or_else(|| {
                errors::throw_sync("Lock check interval should be an integer greater or equals to 5000.")
            })?;
        }
        let this = call.this();
        retry_importing(this, |store| store.lock(patience))?;
        call.return_this();
        Ok(())
    });
}

/// The number that an argument is, as `is_numeric` sees it.
///
/// # Safety
/// `value` was parsed as an argument, and the caller of the method holds it.
unsafe fn number(value: *mut zval) -> Option<f64> {
    // SAFETY: the caller's value.
    let value = unsafe { zend::Value::from_ptr(value) }.dereference();
    if let Some(long) = value.long() {
        return Some(long as f64);
    }
    value.double().or_else(|| match value.string()?.number(false)? {
        (zend::Number::Int(int), _) => Some(int as f64),
        (zend::Number::Float(float), _) => Some(float),
    })
}

/// A number of seconds as a timeout: 0, and a number too large to be counted, means that there is none. `None`
/// for less than 0, and for what is no number at all.
fn timeout_of(seconds: f64) -> Option<Option<Duration>> {
    const FOR_EVER: f64 = u64::MAX as f64 / 1e6;
    // (A NAN is not greater or equal.)
    (seconds >= 0.0).then(|| match seconds {
        0.0 | FOR_EVER.. => None,
        // However short: it is not 0.
        _ => Some(microseconds(seconds * 1e6).max(Duration::from_micros(1))),
    })
}

fn microseconds(number: f64) -> Duration {
    Duration::from_micros(number.round() as u64)
}

extern "C" fn unlock(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        call.this().instance()?.store.unlock();
        call.return_this();
        Ok(())
    });
}

extern "C" fn get_file(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        // SAFETY: the engine passes a slot for the result.
        unsafe { zend::set_string(call.result, Str::new(&call.this().instance()?.file)) };
        Ok(())
    });
}

extern "C" fn set_file(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut file: *mut zend_string = ptr::null_mut();
        arguments!(call, c"P", file);
        let this = call.this();
        let options = this.instance()?.options.clone();
        // SAFETY: parsed as a string, which the caller of the method holds.
        this.set_instance(Instance::named(unsafe { zend::bytes(file) }, options)?);
        call.return_this();
        Ok(())
    });
}

extern "C" fn get_data(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        // SAFETY: the engine passes a slot for the result.
        unsafe { Slot::new(call.result) }.set_object(whole::as_std_class(call.this())?);
        Ok(())
    });
}

extern "C" fn json_serialize(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        // SAFETY: the engine passes a slot for the result.
        unsafe { Slot::new(call.result) }.set_object(whole::shown_as_std_class(call.this())?);
        Ok(())
    });
}

extern "C" fn set_data(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut data: *mut zval = ptr::null_mut();
        // SAFETY: the class entry is a constant of the core.
        let standard = unsafe { ffi::zend_standard_class_def };
        // SAFETY: the format matches: a value, and the class that it must have.
        if unsafe { ffi::zend_parse_parameters(call.data.This.u2.num_args, c"O".as_ptr(), &raw mut data, standard) }
            != 0
        {
            return Err(Thrown);
        }
        // SAFETY: parsed as an object; its table gets an owner more, so that user code that changes
        // the object meanwhile changes a copy.
        unsafe {
            let object = (*data).value.obj;
            if let Some(get_properties) = (*(*object).handlers).get_properties {
                let mut properties = zend::empty();
                let table = get_properties(object);
                zend::check()?;
                if (*table).gc.u.type_info & ffi::GC_IMMUTABLE == 0 {
                    (*table).gc.refcount += 1;
                }
                zend::set_array(&raw mut properties, table);
                if ptr::eq((*object).ce, standard) {
                    whole::replace(call.this(), table)?;
                } else {
                    let mut public = zend::empty();
                    zend::set_array(&raw mut public, public_properties(object, table)?);
                    whole::replace(call.this(), public.value.arr)?;
                }
            }
        }
        call.return_this();
        Ok(())
    });
}

extern "C" fn destroy(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        retry_importing(call.this(), Handle::destroy)?;
        // SAFETY: nothing runs meanwhile.
        unsafe { call.this().cache().clear() };
        Ok(())
    });
}

extern "C" fn count(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        // SAFETY: the engine passes a slot for the result.
        unsafe { zend::set_long(call.result, whole::count(call.this())?) };
        Ok(())
    });
}

extern "C" fn get_iterator(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        call.this().instance()?;
        // Of a class with property hooks (PHP 8.4) `foreach` asks the method for its iterator, too.
        // SAFETY: the frame from which the method was called, or null.
        if unsafe { Opline::of(call.data.prev_execute_data) }.is_some_and(|i| i.loops_by_reference()) {
            return Err(views::refuse_references());
        }
        // SAFETY: the engine wraps the iterator of `$this`.
        unsafe { ffi::zend_create_internal_iterator_zval(call.result, &raw mut call.data.This) };
        Ok(())
    });
}

extern "C" fn offset_get(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut at: *mut zval = ptr::null_mut();
        arguments!(call, c"z", at);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe {
            let mut at = legal_offset(call.this(), at, BP_VAR_R)?;
            call.read(&raw mut at)
        }
    });
}

extern "C" fn offset_set(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let (mut at, mut value): (*mut zval, *mut zval) = (ptr::null_mut(), ptr::null_mut());
        arguments!(call, c"zz", at, value);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe {
            let mut at = legal_offset(call.this(), at, BP_VAR_W)?;
            if zend::kind(&raw const at) != IS_NULL {
                return call.store(&raw mut at, value);
            }
            // `$sync[] = $value`.
            if !call.overrides("set") {
                return property::append(call.this(), Value::from_ptr(value).dereference());
            }
            // No other process may take the number between finding and using it.
            exclusive(call.this(), |_| {
                let mut number = zend::empty();
                zend::set_string(&raw mut number, property::next_number(call.this())?);
                call.store(&raw mut number, value)
            })
        }
    });
}

extern "C" fn offset_exists(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut at: *mut zval = ptr::null_mut();
        arguments!(call, c"z", at);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe {
            let mut at = legal_offset(call.this(), at, BP_VAR_IS)?;
            call.ask(&raw mut at)
        }
    });
}

extern "C" fn offset_unset(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut at: *mut zval = ptr::null_mut();
        arguments!(call, c"z", at);
        // SAFETY: parsed, and held by the caller of the method.
        unsafe {
            let mut at = legal_offset(call.this(), at, BP_VAR_UNSET)?;
            call.drop(&raw mut at)
        }
    });
}
