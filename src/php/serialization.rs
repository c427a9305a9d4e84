//! `__serialize` and `__unserialize`: a serialized Sync object is a handle on its file, or on its store on a server.

use ext_php_rs::ffi::zval;
use ext_php_rs::zend::ExecuteData;

use super::address::Origin;
use super::call::{arguments, run};
use super::declared::{declared_values, set_declared};
use super::errors;
use super::handle::Backend;
use super::ini;
use super::instance::Instance;
use super::refusal::refuse_to_move;
use super::settings::{allowed_classes, allowed_classes_value, options};
use super::value::Policy;
use super::zend::{Array, Held, Local, Str, Thrown, Value, ZStr};

/// A handle: the file's absolute path, or the server's address without its password, what a subclass declares, and what the constructor was told, or the settings said.
pub extern "C" fn serialize(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        let this = call.this();
        let instance = this.instance()?;
        let durability = ini::durability_name(instance.options.durability);
        let mut handle = Held::<Array>::new();
        let mut add = |name: &[u8], value| handle.update(&Str::new(name), value);
        add(b"file", Local::of_string(Str::new(instance.store.address())));
        add(b"properties", Local::of_array(declared_values(call.object())));
        add(b"allowedClasses", allowed_classes_value(&this.policy()?.allowed_classes));
        add(b"durability", Local::of_string(Str::new(durability.as_bytes())));
        call.result().set_array(handle);
        Ok(())
    });
}

pub extern "C" fn unserialize(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"a", handle: Value);
        let this = call.this();
        let part = |name| handle.array().and_then(|handle| handle.find_name(name));
        let file = part(b"file".as_slice()).and_then(Value::string).map(ZStr::bytes).filter(|file| !file.contains(&0));
        let file = file.ok_or_else(|| errors::throw_sync("This is no serialized Sync object: it names no file."))?;
        let unknown =
            |what: &str| errors::throw_sync(&format!("This is no serialized Sync object: its {what} is not one."));
        // The settings say the rest.
        let durability = match part(b"durability") {
            None => ini::durability(),
            Some(name) => name
                .string()
                .and_then(|name| ini::parse_durability(name.bytes()))
                .ok_or_else(|| unknown("durability"))?,
        };
        let policy = match part(b"allowedClasses") {
            None => ini::policy(),
            Some(allowed) => {
                Policy { allowed_classes: allowed_classes(allowed).ok_or_else(|| unknown("allowedClasses"))? }
            }
        };
        refuse_to_move(this, "__unserialize")?;
        let instance = Instance::named(file, options(durability), Origin::Value)?;
        this.set_policy(policy);
        this.set_instance(instance);
        match part(b"properties").and_then(Value::array) {
            Some(declared) => set_declared(call.object(), declared),
            None => Ok(()),
        }
    });
}
