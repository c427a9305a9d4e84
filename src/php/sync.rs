//! class Sync: its methods, a table of contents of the API.

use std::time::Duration;

use ext_php_rs::ffi::{self, BP_VAR_IS, BP_VAR_R, BP_VAR_UNSET, BP_VAR_W, zval};
use ext_php_rs::zend::ExecuteData;

use super::accessors;
use super::address::Origin;
use super::atomic;
use super::call::{Call, arguments, run};
use super::consume;
use super::errors;
use super::exclusive::exclusive;
use super::globals::GLOBALS;
use super::handle::{Backend, Durability, Handle, Patience};
use super::ini;
use super::instance::Instance;
use super::legacy::retry_importing;
use super::lifecycle;
use super::locking;
use super::names::{legal_offset, name_of};
use super::opline::Opline;
use super::property;
use super::public::public_properties;
use super::queue;
use super::refusal::{refuse_in_transaction, refuse_to_move};
use super::remember;
use super::serialization::{serialize, unserialize};
use super::settings::{options, policy};
use super::several;
use super::signatures::{self, SyncMethods};
use super::stats;
use super::timeout::Timeout;
use super::transaction;
use super::until;
use super::views;
use super::waiting;
use super::whole;
use super::zend::{self, Local, Str, Thrown, Value, ZStr};

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
        push,
        shift,
        consume: consume::consume,
        count,
        get_iterator,
        json_serialize,
        magic_serialize: serialize,
        magic_unserialize: unserialize,
        offset_get,
        offset_set,
        offset_exists,
        offset_unset,
        remember: remember::remember,
        try_lock: locking::try_lock,
        release: locking::release,
        synchronized: locking::synchronized,
        stats: stats::stats,
        put: until::put,
        add: until::add,
        increment: atomic::increment,
        compare_and_set: atomic::compare_and_set,
        pull: atomic::pull,
        update: atomic::update,
        touch: until::touch,
        ttl: until::ttl,
        transaction: transaction::transaction,
        get_multiple: several::get_multiple,
        set_multiple: transaction::set_multiple,
        remove_multiple: transaction::remove_multiple,
        keys: several::keys,
        describe: several::describe,
        clear: transaction::clear,
        wait: waiting::wait,
        wait_for: waiting::wait_for,
        version: waiting::version,
    })?;
    // SAFETY: just registered, by the only thread that there is at startup.
    lifecycle::set_class(unsafe { &mut *class.as_ptr() });
    Ok(())
}

impl Call<'_> {
    /// Reads a value by `get` where a subclass overrides it.
    fn read(&mut self, name: &Value) -> Result<(), Thrown> {
        match self.overridden("get", &[Local::copy_of(name)])? {
            Some(mut value) => self.result().swap(&mut value.slot()),
            None => drop(property::read(self.this(), &*name_of(name)?, self.result())?),
        }
        Ok(())
    }

    /// Stores a value by `set` where a subclass overrides it.
    fn store(&self, name: &Value, value: &Value) -> Result<(), Thrown> {
        match self.overridden("set", &[Local::copy_of(name), Local::copy_of(value)])? {
            Some(_) => Ok(()),
            None => property::write(self.this(), &*name_of(name)?, value.dereference()),
        }
    }

    /// Asks whether a value is there by `has` where a subclass overrides it. `own`: the name of the method that runs.
    fn ask(&mut self, own: &str, name: &Value) -> Result<(), Thrown> {
        match self.overridden("has", &[Local::copy_of(name)])? {
            Some(mut answer) => self.result().swap(&mut answer.slot()),
            None => {
                let answer = self.is_set(own, &name_of(name)?)?;
                self.result().set_bool(answer);
            }
        }
        Ok(())
    }

    /// Whether a property is there and not null; to a class that overrides how it is read, whether that gives
    /// anything but null, as in the original. An override that asks its parent's method means what is shared under exactly this name.
    fn is_set(&self, own: &str, name: &Str) -> Result<bool, Thrown> {
        let this = self.this();
        let is_asked_by_override = || self.overrides(own) || self.is_called_by(&["__isset", "has"]);
        if !this.overrides.get || this.declares(name) || this.overrides.has && is_asked_by_override() {
            return property::is_set(this, name);
        }
        let mut value = Local::new();
        accessors::get(this, name, value.slot())?;
        Ok(value.kind() != zend::NULL)
    }

    /// Removes a value by `remove` where a subclass overrides it.
    fn drop(&self, name: &Value) -> Result<(), Thrown> {
        match self.overridden("remove", &[Local::copy_of(name)])? {
            Some(_) => Ok(()),
            None => property::remove(self.this(), &*name_of(name)?),
        }
    }
}

extern "C" fn construct(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        refuse_to_move(call.this(), "__construct")?;
        if let Some(file) = call.only_path() {
            let instance = Instance::named(file.bytes(), options(ini::durability()), Origin::Code)?;
            call.this().set_policy(ini::policy());
            call.this().set_instance(instance);
            return Ok(());
        }
        arguments!(call, c"P|z!S!", file: ZStr; allowed_classes: Value, durability: ZStr);
        let policy = policy(allowed_classes)?;
        let chosen = match durability {
            None => None,
            Some(name) => Some(ini::parse_durability(name.bytes()).ok_or_else(|| {
                // SAFETY: the engine copies the words, a C string without arguments.
                unsafe { ffi::zend_argument_value_error(3, c"must be \"none\" or \"commit\"".as_ptr()) };
                Thrown
            })?),
        };
        let durability = chosen.unwrap_or_else(ini::durability);
        let instance = Instance::named(file.bytes(), options(durability), Origin::Code)?;
        if instance.store.is_on_server() && chosen == Some(Durability::Commit) {
            return Err(errors::throw_sync(
                "The durability of a store on a server is the server's own (its settings appendonly and appendfsync): leave out the argument.",
            ));
        }
        let this = call.this();
        this.set_policy(policy);
        this.set_instance(instance);
        Ok(())
    });
}

extern "C" fn magic_get(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z", name: Value);
        call.read(name)
    });
}

extern "C" fn magic_set(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"zz", name: Value, value: Value);
        call.store(name, value)
    });
}

extern "C" fn magic_isset(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z", name: Value);
        call.ask("__isset", name)
    });
}

extern "C" fn magic_unset(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z", name: Value);
        call.drop(name)
    });
}

extern "C" fn get(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z|z", name: Value; default: Value);
        let found = property::read(call.this(), &*name_of(name)?, call.result())?;
        if let Some(default) = default.filter(|_| !found) {
            call.result().copy(default.dereference());
        }
        Ok(())
    });
}

extern "C" fn set(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"zz", name: Value, value: Value);
        let value = value.dereference();
        property::write(call.this(), &*name_of(name)?, value)?;
        call.result().copy(value);
        Ok(())
    });
}

extern "C" fn has(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z", name: Value);
        let answer = call.is_set("has", &name_of(name)?)?;
        call.result().set_bool(answer);
        Ok(())
    });
}

extern "C" fn remove(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z", name: Value);
        property::remove(call.this(), &*name_of(name)?)?;
        call.return_this();
        Ok(())
    });
}

extern "C" fn lock(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"|zz"; timeout: Value, interval: Value);
        let mut patience = Patience::default();
        if let Some(timeout) = timeout {
            patience.timeout = number(timeout)
                .and_then(timeout_of)
                .ok_or_else(|| errors::throw_sync("Lock timeout should be an integer greater or equals to 0."))?;
        }
        if let Some(interval) = interval {
            let number = number(interval).filter(|&number| number >= 5000.0);
            patience.interval = number.map(microseconds).ok_or_else(|| {
                errors::throw_sync("Lock check interval should be an integer greater or equals to 5000.")
            })?;
        }
        refuse_in_transaction(call.this(), "lock")?;
        retry_importing(call.this(), |store| store.lock(patience))?;
        call.return_this();
        Ok(())
    });
}

/// The number that an argument is, as `is_numeric` sees it.
fn number(value: &Value) -> Option<f64> {
    let value = value.dereference();
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
        let file = Str::new(call.this().instance()?.file());
        call.result().set_string(file);
        Ok(())
    });
}

extern "C" fn set_file(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"P", file: ZStr);
        let this = call.this();
        refuse_to_move(this, "setFile")?;
        let options = this.instance()?.options.clone();
        this.set_instance(Instance::named(file.bytes(), options, Origin::Code)?);
        call.return_this();
        Ok(())
    });
}

extern "C" fn get_data(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        let data = whole::as_std_class(call.this())?;
        call.result().set_object(data);
        Ok(())
    });
}

extern "C" fn json_serialize(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        let data = whole::shown_as_std_class(call.this())?;
        call.result().set_object(data);
        Ok(())
    });
}

extern "C" fn set_data(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        // SAFETY: the core sets it at startup, once.
        let standard = unsafe { ffi::zend_standard_class_def };
        let object = call.object_argument(standard)?;
        if let Some(properties) = object.given_properties()? {
            let is_plain = std::ptr::eq(object.class(), standard);
            let content = if is_plain { properties } else { public_properties(object, properties)? };
            whole::replace(call.this(), &content)?;
        }
        call.return_this();
        Ok(())
    });
}

extern "C" fn destroy(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        refuse_in_transaction(call.this(), "destroy")?;
        retry_importing(call.this(), Handle::destroy)
    });
}

extern "C" fn push(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let (name, values) = call.first_and_rest()?;
        let length = if values.spilled() {
            let values = GLOBALS.get().buffers.park(values);
            queue::push(call.this(), &name_of(name)?, &values)?
        } else {
            queue::push(call.this(), &name_of(name)?, &values)?
        };
        call.result().set_long(length);
        Ok(())
    });
}

extern "C" fn shift(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z|zz", name: Value; timeout: Value, default: Value);
        let timeout = Timeout::of(timeout, 2, Some(0.0))?;
        let is_taken = queue::shift(call.this(), &name_of(name)?, timeout, call.result())?;
        if let Some(default) = default.filter(|_| !is_taken) {
            call.result().copy(default.dereference());
        }
        Ok(())
    });
}

extern "C" fn count(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        let names = whole::count(call.this())?;
        call.result().set_long(names);
        Ok(())
    });
}

extern "C" fn get_iterator(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        call.this().instance()?;
        // Of a class with property hooks (PHP 8.4) `foreach` asks the method for its iterator, too.
        // SAFETY: the frame from which the method was called, or null.
        if unsafe { Opline::of(call.caller()) }.is_some_and(|i| i.loops_by_reference()) {
            return Err(views::refuse_references());
        }
        call.return_iterator();
        Ok(())
    });
}

extern "C" fn offset_get(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z", at: Value);
        let at = legal_offset(call.this(), at, BP_VAR_R)?;
        call.read(&at)
    });
}

extern "C" fn offset_set(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"zz", at: Value, value: Value);
        let at = legal_offset(call.this(), at, BP_VAR_W)?;
        if at.kind() != zend::NULL {
            return call.store(&at, value);
        }
        // `$sync[] = $value`.
        if !call.overrides("set") {
            return property::append(call.this(), value.dereference());
        }
        // No other process may take the number between finding and using it.
        exclusive(call.this(), |_| call.store(&Local::of_string(property::next_number(call.this())?), value))
    });
}

extern "C" fn offset_exists(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z", at: Value);
        let at = legal_offset(call.this(), at, BP_VAR_IS)?;
        call.ask("offsetexists", &at)
    });
}

extern "C" fn offset_unset(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"z", at: Value);
        let at = legal_offset(call.this(), at, BP_VAR_UNSET)?;
        call.drop(&at)
    });
}
