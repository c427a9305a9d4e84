//! What a Sync object is made of: a zend_object, and before it in the same allocation what only
//! we know of.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::mem::offset_of;
use std::path::PathBuf;
use std::ptr;
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use ext_php_rs::ffi::{
    self, zend_array, zend_class_entry, zend_function, zend_object, zend_object_handlers, zend_string,
};

use super::cache::Cache;
use super::errors;
use super::handlers;
use super::nested::Echo;
use super::place;
use super::value::Policy;
use super::views;
use super::zend::{self, Alive, Str, Thrown};
use crate::store::{Options, Store};

/// What the constructor of an object was given, and what became of it.
pub struct Instance {
    /// The store, by its absolute path.
    pub store: Store,
    /// The path as the program gave it.
    pub file: Vec<u8>,
    /// How the store is opened.
    pub options: Options,
}

/// One Sync object. The engine knows it by the address of `std`.
///
/// Shared references only: while one handler runs user code, that code may enter another handler
/// of the same object.
#[repr(C)]
pub struct SyncObject {
    /// Null until the constructor has run.
    instance: Cell<*mut Instance>,
    cache: UnsafeCell<Cache>,
    ends: UnsafeCell<Cache>,
    /// Which classes values may contain: the last counts. Earlier ones, of constructors that were
    /// called again, stay for whoever is in the middle of decoding.
    #[expect(clippy::vec_box, reason = "a policy in use stays where it is when another one is added")]
    policies: UnsafeCell<Vec<Box<Policy>>>,
    /// The most that it may trust its own file with, if it came out of a value of another store.
    bounds: RefCell<Option<Policy>>,
    /// What the object's class does differently.
    pub overrides: Overrides,
    /// The engine is about to write back what `$sync['n'] += 1` has stored already.
    pub echo: Echo,
    /// The table that `get_properties` gave the engine last, or null.
    pub shown: Cell<*mut zend_array>,
    /// Where it came from, if it was read to show another Sync object.
    inside: RefCell<Option<Rc<Inside>>>,
    std: UnsafeCell<zend_object>,
}

/// A store that is being shown, perhaps inside of another one: what handles that come out of it
/// remember, so that one that leads back is not shown for ever.
pub struct Inside {
    /// The store.
    pub path: PathBuf,
    /// What that is inside of.
    pub outer: Option<Rc<Inside>>,
}

/// What a subclass does differently from Sync, so that the engine's own way must be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Overrides {
    /// It declares properties.
    pub properties: bool,
    /// It overrides `__get` or `get`.
    pub get: bool,
    /// It overrides `__set` or `set`.
    pub set: bool,
    /// It overrides `__isset` or `has`.
    pub has: bool,
    /// It overrides `__unset` or `remove`.
    pub remove: bool,
    /// It overrides `offsetGet`, `offsetSet`, `offsetExists` or `offsetUnset`.
    pub offsets: bool,
}

static CLASS: AtomicPtr<zend_class_entry> = AtomicPtr::new(ptr::null_mut());

/// The class entry of Sync.
pub fn class() -> *mut zend_class_entry {
    CLASS.load(Ordering::Relaxed)
}

/// Makes `class` the one whose objects these are. Called once, at module startup.
pub fn set_class(class: &mut zend_class_entry) {
    class.__bindgen_anon_2.create_object = Some(create_object);
    class.get_iterator = Some(views::get_iterator);
    CLASS.store(class, Ordering::Relaxed);
    // Now, while there is one thread: a child that another one forks in the middle would wait for it.
    handlers();
}

impl Overrides {
    /// Looks at a class once, when an object of it is made.
    ///
    /// # Safety
    /// `class` is Sync or inherits from it, and is linked.
    unsafe fn of(class: *mut zend_class_entry) -> Self {
        let sync = self::class();
        if ptr::eq(class, sync) {
            return Self::default();
        }
        // SAFETY: valid by contract.
        unsafe {
            let overrides = |name: &str| {
                let method = method(class, name);
                !method.is_null() && !ptr::eq((*method).common.scope, sync)
            };
            Self {
                properties: (*class).properties_info.nNumOfElements > 0,
                get: overrides("__get") || overrides("get"),
                set: overrides("__set") || overrides("set"),
                has: overrides("__isset") || overrides("has"),
                remove: overrides("__unset") || overrides("remove"),
                offsets: ["offsetget", "offsetset", "offsetexists", "offsetunset"].into_iter().any(overrides),
            }
        }
    }

    /// Whether values go through methods of the class.
    pub fn accessors(self) -> bool {
        self.get || self.set
    }

    fn any(self) -> bool {
        self != Self::default()
    }
}

/// A method of a class, or null. `name` is in lower case.
///
/// # Safety
/// `class` is linked.
pub unsafe fn method(class: *mut zend_class_entry, name: &str) -> *mut zend_function {
    // SAFETY: function tables hold pointers to functions.
    unsafe {
        let found = ffi::zend_hash_str_find(&raw mut (*class).function_table, name.as_ptr().cast(), name.len());
        if found.is_null() { ptr::null_mut() } else { (*found).value.func }
    }
}

impl SyncObject {
    /// The Sync object around what the engine calls the object.
    ///
    /// # Safety
    /// `object` was made by [`create_object`], and outlives the reference.
    #[inline]
    pub unsafe fn of<'a>(object: *mut zend_object) -> &'a SyncObject {
        // SAFETY: `std` lies at this offset in an allocation of ours.
        unsafe { &*object.cast::<u8>().sub(offset_of!(SyncObject, std)).cast() }
    }

    /// Whether a value is a Sync object.
    ///
    /// # Safety
    /// `value` is valid.
    pub unsafe fn is_one(value: *const ffi::zval) -> bool {
        // SAFETY: the caller's value, read as the type that it says.
        unsafe { zend::kind(value) == ffi::IS_OBJECT && Self::is((*value).value.obj) }
    }

    /// Whether an object is one of Sync.
    ///
    /// # Safety
    /// `object` is alive.
    unsafe fn is(object: *const zend_object) -> bool {
        let (plain, derived) = handlers();
        // SAFETY: the caller's object; every object has a table of handlers, and those of Sync have one of two.
        let theirs = unsafe { (*object).handlers };
        ptr::eq(theirs, &plain.0) || ptr::eq(theirs, &derived.0)
    }

    /// Binds a new object to the policy of the value that it came out of, if it is one of Sync.
    ///
    /// # Safety
    /// `object` is alive.
    pub unsafe fn bind(object: *mut zend_object, policy: &Policy) {
        // SAFETY: the caller's object, and looked at before it is taken for one of Sync.
        unsafe {
            if Self::is(object) {
                Self::of(object).set_bounds(policy.clone());
            }
        }
    }

    /// What the engine calls the object.
    #[inline]
    pub fn zend(&self) -> *mut zend_object {
        self.std.get()
    }

    /// The values decoded in this request.
    ///
    /// # Safety
    /// The reference is gone before anything else can touch the cache: before any call into the
    /// engine that might run user code.
    #[inline]
    #[allow(clippy::mut_from_ref, reason = "an UnsafeCell, whose contract is passed on to the caller")]
    pub unsafe fn cache(&self) -> &mut Cache {
        // SAFETY: valid by contract.
        unsafe { &mut *self.cache.get() }
    }

    /// Where arrays end that are appended to without being read ([`super::patch`]): ints.
    ///
    /// # Safety
    /// As for [`SyncObject::cache`].
    #[inline]
    #[allow(clippy::mut_from_ref, reason = "as for `cache`")]
    pub unsafe fn ends(&self) -> &mut Cache {
        // SAFETY: valid by contract.
        unsafe { &mut *self.ends.get() }
    }

    /// The instance, if the constructor has run. Not to be kept while user code may run, as
    /// `setFile` replaces it.
    #[inline]
    pub fn constructed(&self) -> Option<&Instance> {
        // SAFETY: null, or from `Box::into_raw` and this object's own.
        unsafe { self.instance.get().as_ref() }
    }

    /// The instance; throws if a subclass has not called the constructor. Not to be kept while
    /// user code may run, as `setFile` replaces it.
    #[inline]
    pub fn instance(&self) -> Result<&Instance, Thrown> {
        self.constructed().ok_or_else(|| not_constructed(self.zend()))
    }

    /// Which classes values may contain.
    pub fn policy(&self) -> Result<&Policy, Thrown> {
        // SAFETY: a policy stays where it is until the object is freed; the list is not kept.
        unsafe { (*self.policies.get()).last() }.map(|policy| &**policy).ok_or_else(|| not_constructed(self.zend()))
    }

    /// Says which classes values may contain from now on.
    pub fn set_policy(&self, policy: Policy) {
        // SAFETY: no reference to the list is kept anywhere.
        unsafe { (*self.policies.get()).push(Box::new(policy)) };
    }

    /// Says that it comes out of a value that was read by such a policy.
    pub fn set_bounds(&self, policy: Policy) {
        self.bounds.replace(Some(policy));
    }

    /// A policy within the bounds of what the object came out of.
    pub fn within_bounds(&self, policy: Policy) -> Policy {
        match &*self.bounds.borrow() {
            Some(bounds) => policy.and(bounds),
            None => policy,
        }
    }

    /// Gives the object its store, or another one; the old one's lock is released.
    pub fn set_instance(&self, instance: Instance) {
        self.drop_instance();
        self.instance.set(Box::into_raw(Box::new(instance)));
    }

    fn drop_instance(&self) {
        let old = self.instance.replace(ptr::null_mut());
        // SAFETY: clearing frees plain values, which runs no user code.
        unsafe {
            self.cache().clear();
            self.ends().clear();
        }
        if !old.is_null() {
            // SAFETY: came from `Box::into_raw`; nobody keeps a reference across user code.
            drop(unsafe { Box::from_raw(old) });
        }
    }

    /// Says where the object came from.
    pub fn set_inside(&self, inside: Option<Rc<Inside>>) {
        self.inside.replace(inside);
    }

    /// Where the object came from.
    pub fn inside(&self) -> Option<Rc<Inside>> {
        self.inside.borrow().clone()
    }

    /// Whether it came out of the very store that it is a handle on, at whatever depth.
    pub fn is_inside_itself(&self) -> bool {
        let inside = self.inside.borrow();
        let mut outer = std::iter::successors(inside.as_deref(), |inside| inside.outer.as_deref());
        self.constructed().is_some_and(|instance| outer.any(|inside| inside.path == instance.store.path()))
    }

    /// Keeps the object alive until the result is dropped.
    #[inline]
    pub fn hold(&self) -> Alive {
        // SAFETY: the object is valid.
        unsafe { Alive::hold(self.zend()) }
    }
}

#[cold]
fn not_constructed(object: *mut zend_object) -> Thrown {
    // SAFETY: a live object has a class with a name.
    let name = unsafe { String::from_utf8_lossy(zend::bytes((*(*object).ce).name)).into_owned() };
    errors::throw_error(&format!(
        "{name} is a Sync object that was not constructed: call parent::__construct($file) in {name}::__construct()"
    ))
}

/// The path of a store as it is from anywhere: what is relative starts at the working directory
/// (each thread has its own); the rest is the kernel's business. Throws where open_basedir forbids
/// it, and for what is no file to PHP's functions either.
fn resolve(file: &[u8]) -> Result<PathBuf, Thrown> {
    use std::ffi::{CString, OsStr};
    use std::os::unix::ffi::OsStrExt;

    let mut path = PathBuf::from(OsStr::from_bytes(without_scheme(file)?));
    if path.is_relative() {
        path = working_directory()?.join(path);
    }
    let given = CString::new(path.as_os_str().as_bytes()).expect("an argument that was parsed as a path");
    // SAFETY: the function reads a C string.
    if unsafe { ffi::php_check_open_basedir_ex(given.as_ptr(), 0) } != 0 {
        return Err(errors::throw_sync(&format!(
            "Can't open '{}' file: open_basedir restriction in effect.",
            path.display()
        )));
    }
    Ok(path)
}

/// The path in a `file://` address, as PHP's functions for files see it: nothing is decoded, and the only host
/// is this one. Other addresses are refused, whether PHP knows their scheme or not.
fn without_scheme(file: &[u8]) -> Result<&[u8], Thrown> {
    let refuse = |why: String| {
        let file = String::from_utf8_lossy(file);
        Err(errors::throw_sync(&format!("Can't open '{file}' file: {why}")))
    };
    let length = file.iter().take_while(|&b| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'-' | b'.')).count();
    let (scheme, rest) = file.split_at(length);
    // (A single letter is none: that is a drive's, elsewhere.)
    let is_one = length > 1 && (rest.starts_with(b"://") || rest.starts_with(b":") && scheme == b"data");
    match rest.strip_prefix(b"://") {
        _ if !is_one => Ok(file),
        Some(rest) if scheme.eq_ignore_ascii_case(b"file") => {
            let (host, path) = rest.split_at(rest.iter().position(|&b| b == b'/').unwrap_or(rest.len()));
            match host {
                b"" => Ok(path),
                host if host.eq_ignore_ascii_case(b"localhost") && !path.is_empty() => Ok(path),
                _ => refuse("it is on another host, or lacks a slash; a path on this one is file:///path.".into()),
            }
        }
        _ => refuse(format!(
            "{}: is not the scheme of a file that can be shared; give a path, or file:///path.",
            String::from_utf8_lossy(scheme)
        )),
    }
}

/// The working directory that PHP has in this thread.
fn working_directory() -> Result<PathBuf, Thrown> {
    use std::ffi::{CStr, OsStr};
    use std::os::unix::ffi::OsStrExt;

    // `CWD_EXPAND`: without following symbolic links.
    const EXPAND: i32 = 0;
    // SAFETY: the function reads a C string, and returns memory of the request or null.
    unsafe {
        let absolute = ffi::expand_filepath_with_mode(c".".as_ptr(), ptr::null_mut(), ptr::null(), 0, EXPAND);
        if absolute.is_null() {
            return Err(errors::throw_sync("Can't find out the working directory, which a relative path starts at."));
        }
        let path = PathBuf::from(OsStr::from_bytes(CStr::from_ptr(absolute).to_bytes()));
        ext_php_rs::alloc::efree(absolute.cast());
        Ok(path)
    }
}

/// Makes an object of Sync or of a subclass; the constructor gives it its store.
unsafe extern "C" fn create_object(class: *mut zend_class_entry) -> *mut zend_object {
    // SAFETY: the engine passes a linked class; the allocation has room for its properties, and
    // every field is initialised before the object is handed out.
    unsafe {
        let object: *mut SyncObject = ffi::ext_php_rs_zend_object_alloc(size_of::<SyncObject>(), class).cast();
        let overrides = Overrides::of(class);
        (&raw mut (*object).instance).write(Cell::new(ptr::null_mut()));
        (&raw mut (*object).cache).write(UnsafeCell::new(Cache::new()));
        (&raw mut (*object).ends).write(UnsafeCell::new(Cache::new()));
        (&raw mut (*object).policies).write(UnsafeCell::new(Vec::new()));
        (&raw mut (*object).overrides).write(overrides);
        (&raw mut (*object).echo).write(Echo::default());
        (&raw mut (*object).shown).write(Cell::new(ptr::null_mut()));
        (&raw mut (*object).inside).write(RefCell::new(None));
        (&raw mut (*object).bounds).write(RefCell::new(None));
        let std = (*object).std.get();
        ffi::zend_object_std_init(std, class);
        ffi::object_properties_init(std, class);
        (*std).handlers = if overrides.any() { &handlers().1.0 } else { &handlers().0.0 };
        std
    }
}

/// Handler tables: for objects that are just Sync, and for those whose class does things its own
/// way.
struct Table(zend_object_handlers);
// SAFETY: written once, then only read; the pointers in it are to functions.
unsafe impl Send for Table {}
// SAFETY: as above.
unsafe impl Sync for Table {}

fn handlers() -> &'static (Table, Table) {
    static TABLES: OnceLock<(Table, Table)> = OnceLock::new();
    TABLES.get_or_init(|| {
        // SAFETY: the engine's own table is a constant.
        let mut table = unsafe { ffi::std_object_handlers };
        table.offset = offset_of!(SyncObject, std) as i32;
        table.free_obj = Some(free_object);
        table.clone_obj = Some(clone_object);
        handlers::fill(&mut table);
        let mut derived = table;
        handlers::fill_derived(&mut derived);
        (Table(table), Table(derived))
    })
}

/// Frees what the object holds. The engine calls it for every object, also after a fatal error.
unsafe extern "C" fn free_object(object: *mut zend_object) {
    // SAFETY: the engine passes an object of ours, once.
    unsafe {
        errors::contain((), || {
            let this = SyncObject::of(object);
            this.drop_instance();
            views::forget_shown(this);
            drop(std::mem::replace(this.cache(), Cache::new()));
            drop(std::mem::replace(this.ends(), Cache::new()));
            drop(std::mem::take(&mut *this.policies.get()));
            drop(this.inside.take());
            drop(this.bounds.take());
        });
        ffi::zend_object_std_dtor(object);
    }
}

/// `clone`: another handle on the same file, that does not hold the lock.
unsafe extern "C" fn clone_object(object: *mut zend_object) -> *mut zend_object {
    // SAFETY: the engine passes an object of ours; the class is that of the clone as well.
    unsafe {
        let clone = create_object((*object).ce);
        let (original, copy) = (SyncObject::of(object), SyncObject::of(clone));
        if let (Some(instance), Ok(policy)) = (original.constructed(), original.policy()) {
            copy.set_policy(policy.clone());
            copy.set_instance(instance.another());
        }
        ffi::zend_objects_clone_members(clone, object);
        clone
    }
}

impl Instance {
    /// What a program that names this file means.
    pub fn named(file: &[u8], options: Options) -> Result<Self, Thrown> {
        Ok(Self { store: Store::new(resolve(file)?, options.clone()), file: file.to_vec(), options })
    }

    /// A handle on the same file with the same settings.
    pub fn another(&self) -> Self {
        Self {
            store: Store::new(self.store.path().to_owned(), self.options.clone()),
            file: self.file.clone(),
            options: self.options.clone(),
        }
    }
}

/// Calls a method of the object by its name in lower case; the result is in `result`.
///
/// # Safety
/// The object is of Sync or a subclass, which has this method; `result` is overwritten.
pub unsafe fn call(
    object: *mut zend_object,
    name: &str,
    arguments: &mut [ffi::zval],
    result: *mut ffi::zval,
) -> Result<(), Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        zend::set_undef(result);
        let method = method((*object).ce, name);
        ffi::zend_call_known_function(
            method,
            object,
            (*object).ce,
            result,
            arguments.len() as u32,
            arguments.as_mut_ptr(),
            ptr::null_mut(),
        );
    }
    zend::check()
}

/// A string from the engine's pool for a name given as any value: `$s[5]`, `get(1.5)`.
///
/// # Safety
/// `value` is valid.
pub unsafe fn name_of(value: *mut ffi::zval) -> Result<Str, Thrown> {
    // SAFETY: valid by contract.
    unsafe { zend::to_string(zend::deref(value)) }
}

/// The name that an offset means, `$sync[5]`: what `(string)` makes of it, as for `$sync->{5}`. `fetch`: how the engine
/// fetches it.
///
/// # Safety
/// `offset` is valid.
pub unsafe fn offset_name(this: &SyncObject, offset: *mut ffi::zval, fetch: u32) -> Result<Str, Thrown> {
    // SAFETY: valid by contract; the value is held while it is converted.
    unsafe {
        let mut legal = legal_offset(this, offset, fetch)?;
        name_of(&raw mut legal)
    }
}

/// An offset of which a name can be made. Throws for an array, and for an object that is no string either: to an array,
/// too, these are illegal. A resource is its number, with a warning, as to an array.
///
/// # Safety
/// `offset` is valid.
pub unsafe fn legal_offset(this: &SyncObject, offset: *mut ffi::zval, fetch: u32) -> Result<ffi::zval, Thrown> {
    // SAFETY: valid by contract.
    unsafe {
        let offset = zend::deref(offset);
        let mut legal = zend::empty();
        let is_legal = match zend::kind(offset) {
            ffi::IS_ARRAY => false,
            ffi::IS_OBJECT => !(*(*(*offset).value.obj).ce).__tostring.is_null(),
            _ => true,
        };
        if !is_legal {
            return Err(place::illegal_offset(zend::bytes((*(*this.zend()).ce).name), offset, fetch));
        }
        match zend::kind(offset) {
            ffi::IS_RESOURCE => zend::set_long(&raw mut legal, place::resource_number(offset)?),
            _ => zend::copy(&raw mut legal, offset),
        }
        Ok(legal)
    }
}

/// Throws for a name that a property cannot have.
///
/// # Safety
/// `name` is valid.
#[inline]
pub unsafe fn check_name(name: *mut zend_string) -> Result<(), Thrown> {
    // SAFETY: valid by contract.
    if unsafe { is_bad_name(name) } { Err(errors::throw_bad_name()) } else { Ok(()) }
}

/// Whether no property can have this name.
///
/// # Safety
/// `name` is valid.
#[inline]
pub unsafe fn is_bad_name(name: *mut zend_string) -> bool {
    // SAFETY: valid by contract.
    unsafe { zend::bytes(name) }.first() == Some(&0)
}
