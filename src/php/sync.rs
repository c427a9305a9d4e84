//! class Sync: its methods, a table of contents of the API.

use std::os::unix::ffi::OsStrExt;
use std::ptr;
use std::time::Duration;

use ext_php_rs::args::Arg;
use ext_php_rs::builders::{ClassBuilder, FunctionBuilder};
use ext_php_rs::ffi::{
    self, BP_VAR_IS, BP_VAR_R, BP_VAR_UNSET, BP_VAR_W, IS_ARRAY, IS_DOUBLE, IS_FALSE, IS_LONG, IS_NULL, IS_STRING,
    IS_TRUE, zend_object, zend_string, zval,
};
use ext_php_rs::flags::{DataType, MethodFlags};
use ext_php_rs::zend::{ClassEntry, ExecuteData, ce};

use super::GLOBALS;
use super::access::{self, patiently};
use super::errors::{self, contain};
use super::exclusive::alone;
use super::handlers;
use super::ini;
use super::nested::{self, Instruction};
use super::object::{self, Instance, SyncObject, legal_offset, name_of};
use super::value::{AllowedClasses, Policy, importing};
use super::views;
use super::zend::{self, Key, Str, Thrown};
use crate::store::{Options, Patience, Store};

unsafe extern "C" {
    /// Exported by PHP's core; its header is not among those that ext-php-rs reads.
    static mut php_json_serializable_ce: *mut ffi::zend_class_entry;
}

fn json_serializable() -> &'static ClassEntry {
    // SAFETY: ext/json is part of the core, and registered before any extension that is loaded.
    unsafe { &*php_json_serializable_ce }
}

/// Registers the class. Called once, at module startup.
pub fn register() -> ext_php_rs::error::Result<()> {
    // The original's methods have no return types, and no types that its subclasses would have
    // to repeat: overrides that were legal stay legal, without a deprecation.
    let untyped = |name: &str| Arg::new(name, DataType::Mixed);
    let method = FunctionBuilder::new::<&str>;
    ClassBuilder::new("Sync")
        .implements((ce::arrayaccess, "ArrayAccess"))
        .implements((ce::countable, "Countable"))
        .implements((ce::aggregate, "IteratorAggregate"))
        .implements((json_serializable, "JsonSerializable"))
        .method(
            FunctionBuilder::constructor(construct)
                .arg(Arg::new("file", DataType::String))
                .not_required()
                .arg(untyped("allowedClasses").default("null"))
                .arg(Arg::new("durability", DataType::String).allow_null().default("null")),
            MethodFlags::Public,
        )
        .method(method("__get", magic_get).arg(untyped("name")), MethodFlags::Public)
        .method(method("__set", magic_set).arg(untyped("name")).arg(untyped("value")), MethodFlags::Public)
        .method(method("__isset", magic_isset).arg(untyped("name")), MethodFlags::Public)
        .method(method("__unset", magic_unset).arg(untyped("name")), MethodFlags::Public)
        .method(
            method("get", get).arg(untyped("name")).not_required().arg(untyped("default").default("null")),
            MethodFlags::Public,
        )
        .method(method("set", set).arg(untyped("name")).arg(untyped("value")), MethodFlags::Public)
        .method(method("has", has).arg(untyped("name")), MethodFlags::Public)
        .method(method("remove", remove).arg(untyped("name")), MethodFlags::Public)
        .method(
            method("lock", lock)
                .not_required()
                .arg(untyped("timeout").default("0"))
                .arg(untyped("interval").default("50000")),
            MethodFlags::Public,
        )
        .method(method("unlock", unlock), MethodFlags::Public)
        .method(method("getFile", get_file), MethodFlags::Public)
        .method(method("setFile", set_file).arg(untyped("file")), MethodFlags::Public)
        .method(method("getData", get_data), MethodFlags::Public)
        .method(
            method("setData", set_data).arg(Arg::new("data", DataType::Object("stdClass".into()))),
            MethodFlags::Public,
        )
        .method(method("destroy", destroy), MethodFlags::Public)
        .method(method("count", count).returns(DataType::Long, false, false), MethodFlags::Public)
        .method(
            method("getIterator", get_iterator).returns(DataType::Object("Iterator".into()), false, false),
            MethodFlags::Public,
        )
        .method(method("jsonSerialize", json_serialize).returns(DataType::Mixed, false, false), MethodFlags::Public)
        .method(method("__serialize", serialize).returns(DataType::Array, false, false), MethodFlags::Public)
        .method(
            method("__unserialize", unserialize).arg(Arg::new("data", DataType::Array)).returns(
                DataType::Void,
                false,
                false,
            ),
            MethodFlags::Public,
        )
        .method(
            method("offsetGet", offset_get).arg(untyped("offset")).returns(DataType::Mixed, false, false),
            MethodFlags::Public,
        )
        .method(
            method("offsetSet", offset_set).arg(untyped("offset")).arg(untyped("value")).returns(
                DataType::Void,
                false,
                false,
            ),
            MethodFlags::Public,
        )
        .method(
            method("offsetExists", offset_exists).arg(untyped("offset")).returns(DataType::Bool, false, false),
            MethodFlags::Public,
        )
        .method(
            method("offsetUnset", offset_unset).arg(untyped("offset")).returns(DataType::Void, false, false),
            MethodFlags::Public,
        )
        .registration(|class, arguments| {
            finish_types(class);
            object::set_class(class);
            // The engine's functions point into the tables for as long as the process lives.
            std::mem::forget(arguments);
        })
        .register()
}

/// Declares what the builder has no words for.
///
/// What interfaces of the core demand has a tentative return type, as the core declares it: a
/// subclass may leave the type out, at the price of the deprecation that it has from the interface
/// anyway. `allowedClasses` is `array|bool|null`.
fn finish_types(class: &mut ffi::zend_class_entry) {
    // SAFETY: function tables hold functions; those of this class are internal ones with types,
    // so that the engine has put their argument info, before whose first the return type stands,
    // into memory of its own.
    unsafe {
        for (_, function) in zend::Elements::of(&raw const class.function_table) {
            let function = (*function).value.func;
            if (*function).common.fn_flags & ffi::ZEND_ACC_HAS_RETURN_TYPE != 0 {
                let returned = (*function).internal_function.arg_info.sub(1);
                (*returned).type_.type_mask |= ffi::_ZEND_IS_TENTATIVE_BIT;
            }
        }
        let allowed_classes = (*class.constructor).internal_function.arg_info.add(1);
        (*allowed_classes).type_.type_mask = 1 << IS_ARRAY | 1 << IS_TRUE | 1 << IS_FALSE | 1 << IS_NULL;
    }
}

/// A method call: `$this`, the arguments, and where the result goes.
struct Call<'a> {
    data: &'a mut ExecuteData,
    result: *mut zval,
}

/// Runs the body of a method: what it throws is pending when it returns, and no panic leaves it.
fn run(data: &mut ExecuteData, result: *mut zval, body: impl FnOnce(&mut Call) -> Result<(), Thrown>) {
    contain((), || {
        let _ = body(&mut Call { data, result });
    });
}

/// Parses the arguments of a call, as PHP's own methods do, into variables of the C types that the
/// format asks for.
macro_rules! arguments {
    ($call:expr, $format:literal $(, $variable:expr)*) => {{
        // SAFETY: the format matches the variables; the engine throws where the arguments do not.
        let outcome = unsafe {
            ffi::zend_parse_parameters($call.data.This.u2.num_args, $format.as_ptr() $(, &raw mut $variable)*)
        };
        if outcome != 0 {
            return Err(Thrown);
        }
    }};
}

impl Call<'_> {
    /// The object that the method was called on. The caller of a method holds it.
    fn this(&self) -> &'static SyncObject {
        // SAFETY: methods of this class are only ever called on objects of it.
        unsafe { SyncObject::of(self.object()) }
    }

    fn object(&self) -> *mut zend_object {
        // SAFETY: a method that is not static has an object.
        unsafe { self.data.This.value.obj }
    }

    /// Returns the object itself.
    fn return_this(&self) {
        // SAFETY: the engine passes a slot for the result.
        unsafe { zend::set_object_copy(self.result, self.object()) };
    }

    /// Returns true or false.
    fn return_bool(&self, value: bool) {
        // SAFETY: the engine passes a slot for the result.
        unsafe { zend::set_bool(self.result, value) };
    }

    /// Whether a subclass overrides `name`.
    fn overrides(&self, name: &str) -> bool {
        // SAFETY: the object has a class; the method exists in it.
        unsafe {
            let method = object::method((*self.object()).ce, name);
            !method.is_null() && !ptr::eq((*method).common.scope, object::class())
        }
    }

    /// Calls `name` where a subclass overrides it, since the original's methods called each other;
    /// `false` if none does.
    fn overridden(&self, name: &str, arguments: &mut [zval], result: *mut zval) -> Result<bool, Thrown> {
        if !self.overrides(name) {
            return Ok(false);
        }
        // SAFETY: the object has a class; the method exists in it.
        unsafe {
            object::call(self.object(), name, arguments, result)?;
            Ok(true)
        }
    }
}

impl Call<'_> {
    /// Reads a value by `get` where a subclass overrides it.
    ///
    /// # Safety
    /// `name` is valid, and held by the caller.
    unsafe fn read(&self, name: *mut zval) -> Result<(), Thrown> {
        // SAFETY: valid by contract.
        unsafe {
            if !self.overridden("get", &mut list([name]), self.result)? {
                access::read(self.this(), name_of(name)?.as_ptr(), self.result)?;
            }
        }
        Ok(())
    }

    /// Stores a value by `set` where a subclass overrides it.
    ///
    /// # Safety
    /// As for [`Call::read`]; the value, too.
    unsafe fn store(&self, name: *mut zval, value: *mut zval) -> Result<(), Thrown> {
        // SAFETY: valid by contract.
        unsafe {
            let mut ignored = zend::empty();
            if self.overridden("set", &mut list([name, value]), &raw mut ignored)? {
                return Ok(());
            }
            access::write(self.this(), name_of(name)?.as_ptr(), zend::deref(value))
        }
    }

    /// Asks whether a value is there by `has` where a subclass overrides it.
    ///
    /// # Safety
    /// As for [`Call::read`].
    unsafe fn ask(&self, name: *mut zval) -> Result<(), Thrown> {
        // SAFETY: valid by contract.
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
        // SAFETY: valid by contract.
        unsafe {
            let mut ignored = zend::empty();
            if self.overridden("remove", &mut list([name]), &raw mut ignored)? {
                return Ok(());
            }
            access::remove(self.this(), name_of(name)?.as_ptr())
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
        // SAFETY: valid by contract.
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
            let options = Options {
                file_mode: ini::file_mode(),
                durability,
                strand: zend::fiber,
                file_systems: ini::file_systems(),
            };
            let instance = Instance::named(zend::bytes(file), options)?;
            let this = call.this();
            this.set_policy(policy);
            this.set_instance(instance);
        }
        Ok(())
    });
}

/// What `allowedClasses` means: true: any class; false: none; an array: those whose names are in
/// it; left out: as the setting says.
fn policy(allowed_classes: *mut zval) -> Result<Policy, Thrown> {
    if allowed_classes.is_null() {
        return Ok(ini::policy());
    }
    // SAFETY: parsed, and held by the caller of the method.
    unsafe {
        if let Some(allowed_classes) = self::allowed_classes(allowed_classes) {
            return Ok(Policy { allowed_classes });
        }
        let given = zend::deref(allowed_classes);
        if zend::kind(given) == IS_ARRAY {
            ffi::zend_argument_type_error(2, c"must be an array of class names, or a bool".as_ptr());
        } else {
            let kind = ffi::zend_zval_type_name(given);
            ffi::zend_argument_type_error(2, c"must be of type array|bool|null, %s given".as_ptr(), kind);
        }
    }
    Err(Thrown)
}

/// The classes that a bool or an array of names allows; `None` for anything else.
///
/// # Safety
/// The value is valid, or the pointer is null.
unsafe fn allowed_classes(given: *mut zval) -> Option<AllowedClasses> {
    if given.is_null() {
        return None;
    }
    // SAFETY: valid by contract.
    unsafe {
        let given = zend::deref(given);
        match zend::kind(given) {
            IS_TRUE => Some(AllowedClasses::All),
            IS_FALSE => Some(AllowedClasses::only::<&[u8]>([])),
            IS_ARRAY => {
                let names = zend::Elements::of((*given).value.arr).map(|(_, name)| {
                    let name = zend::deref(name);
                    (zend::kind(name) == IS_STRING).then(|| zend::bytes((*name).value.str_))
                });
                Some(AllowedClasses::only(names.collect::<Option<Vec<_>>>()?))
            }
            _ => None,
        }
    }
}

/// The other way round: true, or an array of names.
///
/// # Safety
/// `into` is a slot, which is overwritten.
unsafe fn set_allowed_classes(allowed: &AllowedClasses, into: *mut zval) {
    // SAFETY: a slot by contract; the array is new, and takes its strings over.
    unsafe {
        let AllowedClasses::Only(names) = allowed else { return zend::set_bool(into, true) };
        let mut sorted: Vec<&[u8]> = names.iter().map(Vec::as_slice).collect();
        sorted.sort_unstable();
        let array = ffi::_zend_new_array(sorted.len() as u32);
        zend::set_array(into, array);
        for name in sorted {
            let mut element = std::mem::ManuallyDrop::new(zend::empty());
            zend::set_string(&raw mut *element, Str::new(name));
            ffi::zend_hash_next_index_insert(array, &raw mut *element);
        }
    }
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
    // SAFETY: valid by contract.
    unsafe {
        if !this.overrides.get || handlers::declares(this, name.as_ptr()) {
            return access::is_set(this, name.as_ptr());
        }
        let mut value = zend::empty();
        nested::get(this, name, &raw mut value)?;
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
            if !access::read(call.this(), name_of(name)?.as_ptr(), call.result)? && !default.is_null() {
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
            access::write(call.this(), name_of(name)?.as_ptr(), value)?;
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
        unsafe { access::remove(call.this(), name_of(name)?.as_ptr())? };
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
            patience.timeout = number(timeout)
                .and_then(timeout_of)
                .ok_or_else(|| errors::throw_sync("Lock timeout should be an integer greater or equals to 0."))?;
        }
        if !interval.is_null() {
            patience.interval =
                number(interval).filter(|&number| number >= 5000.0).map(microseconds).ok_or_else(|| {
                    errors::throw_sync("Lock check interval should be an integer greater or equals to 5000.")
                })?;
        }
        let this = call.this();
        patiently(this, |store| store.lock(patience))?;
        call.return_this();
        Ok(())
    });
}

/// The number that an argument is, as `is_numeric` sees it.
fn number(value: *mut zval) -> Option<f64> {
    // SAFETY: an argument that was parsed, and is held by the caller of the method.
    unsafe {
        let value = zend::deref(value);
        match zend::kind(value) {
            IS_LONG => Some((*value).value.lval as f64),
            IS_DOUBLE => Some((*value).value.dval),
            IS_STRING => {
                let string = (*value).value.str_;
                let (mut long, mut double) = (0, 0.0);
                let kind = ffi::_is_numeric_string_ex(
                    (&raw const (*string).val).cast(),
                    (*string).len,
                    &raw mut long,
                    &raw mut double,
                    false,
                    ptr::null_mut(),
                    ptr::null_mut(),
                );
                match u32::from(kind) {
                    IS_LONG => Some(long as f64),
                    IS_DOUBLE => Some(double),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// A number of seconds as a timeout: 0, and what is beyond all counting, means that there is none. `None`
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
        unsafe { views::as_std_class(call.this(), call.result)? };
        Ok(())
    });
}

extern "C" fn json_serialize(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        // SAFETY: the engine passes a slot for the result.
        unsafe { views::shown_as_std_class(call.this(), call.result)? };
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
                    access::replace(call.this(), table)?;
                } else {
                    let mut public = zend::empty();
                    zend::set_array(&raw mut public, public_properties(object, table)?);
                    access::replace(call.this(), public.value.arr)?;
                }
            }
        }
        call.return_this();
        Ok(())
    });
}

/// A new table of the properties of an object whose class has property hooks (PHP 8.4): pointers to the declarations of those
/// that have them. `None` for other objects.
///
/// # Safety
/// The object is held.
unsafe fn hooked_properties(object: *mut zend_object) -> Option<*mut ffi::zend_array> {
    // SAFETY: valid by contract.
    #[cfg(php84)]
    unsafe {
        ((*(*object).ce).num_hooked_props > 0).then(|| views::zend_hooked_object_build_properties(object))
    }
    #[cfg(not(php84))]
    {
        let _ = object;
        None
    }
}

/// The value that the hook of a public property gives; `None` where it has none to read by.
///
/// # Safety
/// All are held; the value points to the declaration of the property with this name.
unsafe fn ask_hook(
    object: *mut zend_object,
    name: *mut zend_string,
    declaration: *mut zval,
) -> Result<Option<zval>, Thrown> {
    // SAFETY: valid by contract; the slot outlives the use of what the hook returned.
    #[cfg(php84)]
    unsafe {
        let property = (*declaration).value.ptr.cast::<ffi::zend_property_info>();
        // The first of the hooks is the one to read by; a virtual property keeps no value.
        const VIRTUAL: u32 = 1 << 9;
        if (*property).flags & VIRTUAL != 0 && (*(*property).hooks).is_null() {
            return Ok(None);
        }
        let (mut slot, mut value) = (zend::empty(), zend::empty());
        let name = zend::bytes(name);
        let given =
            ffi::zend_read_property((*property).ce, object, name.as_ptr().cast(), name.len(), true, &raw mut slot);
        zend::check()?;
        zend::copy(&raw mut value, zend::deref(given));
        Ok(Some(value))
    }
    #[cfg(not(php84))]
    {
        let _ = (object, name, declaration);
        Ok(None)
    }
}

/// The properties that `foreach` shows outside of the class, in a table of its own; those with hooks as these give them.
///
/// # Safety
/// The object is held, and this is the table of its properties, held as well.
unsafe fn public_properties(
    object: *mut zend_object,
    table: *mut ffi::zend_array,
) -> Result<*mut ffi::zend_array, Thrown> {
    // SAFETY: valid by contract; the new table takes over what is put into it, and is freed where it is not handed out.
    unsafe {
        let mut public = zend::empty();
        zend::set_array(&raw mut public, ffi::_zend_new_array(0));
        let mut behind_hooks = zend::empty();
        let table = match hooked_properties(object) {
            Some(table) => {
                zend::set_array(&raw mut behind_hooks, table);
                table
            }
            None => table,
        };
        let mut elements = zend::Elements::of(table);
        while let Some((key, value)) = elements.next_stored() {
            let kind = zend::kind(value);
            let value = zend::follow_indirect(value);
            // (A name of any kind may have been given to an object at run time: that one is refused, not left out.)
            let hidden = matches!(kind, ffi::IS_INDIRECT | ffi::IS_PTR) && key.text().bytes().first() == Some(&0);
            if hidden || zend::kind(value) == ffi::IS_UNDEF {
                continue;
            }
            let mut copy = std::mem::ManuallyDrop::new(zend::empty());
            if zend::kind(value) == ffi::IS_PTR {
                // (Only declared properties have hooks, and these have names.)
                let Some(given) = ask_hook(object, key.text().as_ptr(), value)? else { continue };
                copy = std::mem::ManuallyDrop::new(given);
            } else {
                zend::copy(&raw mut *copy, zend::deref(value));
            }
            match key {
                Key::Int(index) => ffi::zend_hash_index_update(public.value.arr, index as u64, &raw mut *copy),
                Key::String(name) => ffi::zend_hash_update(public.value.arr, name, &raw mut *copy),
            };
        }
        zend::check()?;
        let public = std::mem::ManuallyDrop::new(public);
        Ok(public.value.arr)
    }
}

extern "C" fn destroy(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        patiently(call.this(), Store::destroy)?;
        // SAFETY: nothing runs meanwhile.
        unsafe { call.this().cache().clear() };
        Ok(())
    });
}

extern "C" fn count(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        // SAFETY: the engine passes a slot for the result.
        unsafe { zend::set_long(call.result, views::count(call.this())?) };
        Ok(())
    });
}

extern "C" fn get_iterator(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        call.this().instance()?;
        // Of a class with property hooks (PHP 8.4) `foreach` asks the method for its iterator, too.
        // SAFETY: the frame from which the method was called, or null.
        if unsafe { Instruction::of(call.data.prev_execute_data) }.is_some_and(|i| i.loops_by_reference()) {
            return Err(views::refuse_references());
        }
        // SAFETY: the engine wraps the iterator of `$this`.
        unsafe { ffi::zend_create_internal_iterator_zval(call.result, &raw mut call.data.This) };
        Ok(())
    });
}

/// A handle: the file's absolute path, what a subclass declares, and what the constructor was told, or the settings said.
extern "C" fn serialize(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"");
        let instance = call.this().instance()?;
        // SAFETY: new arrays, that nobody else has; they take the values over.
        unsafe {
            let mut file = std::mem::ManuallyDrop::new(zend::empty());
            zend::set_string(&raw mut *file, Str::new(instance.store.path().as_os_str().as_bytes()));
            let handle = ffi::_zend_new_array(2);
            zend::set_array(call.result, handle);
            ffi::zend_hash_str_update(handle, c"file".as_ptr(), 4, &raw mut *file);
            let mut declared = std::mem::ManuallyDrop::new(zend::empty());
            zend::set_array(&raw mut *declared, views::declared(call.object()));
            ffi::zend_hash_str_update(handle, c"properties".as_ptr(), 10, &raw mut *declared);
            let mut allowed = std::mem::ManuallyDrop::new(zend::empty());
            set_allowed_classes(&call.this().policy()?.allowed_classes, &raw mut *allowed);
            ffi::zend_hash_str_update(handle, c"allowedClasses".as_ptr(), 14, &raw mut *allowed);
            let mut durability = std::mem::ManuallyDrop::new(zend::empty());
            let name = ini::durability_name(instance.options.durability);
            zend::set_string(&raw mut *durability, Str::new(name.as_bytes()));
            ffi::zend_hash_str_update(handle, c"durability".as_ptr(), 10, &raw mut *durability);
        }
        Ok(())
    });
}

extern "C" fn unserialize(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        let mut handle: *mut zval = ptr::null_mut();
        arguments!(call, c"a", handle);
        let this = call.this();
        // SAFETY: parsed as an array, which the caller of the method holds.
        unsafe {
            let handle = (*handle).value.arr;
            let file = ffi::zend_hash_str_find(handle, c"file".as_ptr(), 4);
            let declared = ffi::zend_hash_str_find(handle, c"properties".as_ptr(), 10);
            if file.is_null() || zend::kind(file) != IS_STRING || zend::bytes((*file).value.str_).contains(&0) {
                return Err(errors::throw_sync("This is no serialized Sync object: it names no file."));
            }
            // The settings say the rest.
            let unknown = |what: &str| {
                Err(errors::throw_sync(&format!("This is no serialized Sync object: its {what} is not one.")))
            };
            let durability = ffi::zend_hash_str_find(handle, c"durability".as_ptr(), 10);
            let durability = match durability {
                _ if durability.is_null() => ini::durability(),
                _ if zend::kind(durability) != IS_STRING => return unknown("durability"),
                _ => match ini::parse_durability(zend::bytes((*durability).value.str_)) {
                    Some(durability) => durability,
                    None => return unknown("durability"),
                },
            };
            let allowed = ffi::zend_hash_str_find(handle, c"allowedClasses".as_ptr(), 14);
            let policy = match allowed_classes(allowed) {
                _ if allowed.is_null() => ini::policy(),
                Some(allowed_classes) => Policy { allowed_classes },
                None => return unknown("allowedClasses"),
            };
            let options = Options {
                file_mode: ini::file_mode(),
                durability,
                strand: zend::fiber,
                file_systems: ini::file_systems(),
            };
            let instance = Instance::named(zend::bytes((*file).value.str_), options)?;
            if let Some(policy) = importing::current() {
                this.set_bounds(policy);
            }
            this.set_policy(this.within_bounds(policy));
            this.set_instance(instance);
            this.set_inside(GLOBALS.get().showing.borrow().clone());
            if !declared.is_null() && zend::kind(declared) == IS_ARRAY {
                views::set_declared(call.object(), (*declared).value.arr)?;
            }
        }
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
                return access::append(call.this(), zend::deref(value));
            }
            // From finding a free number to taking it, nobody else may take it.
            alone(call.this(), |_| {
                let mut number = zend::empty();
                zend::set_string(&raw mut number, access::next_number(call.this())?);
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
