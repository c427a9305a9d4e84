//! A Sync object: a zend_object, and before it in the same allocation the fields of this extension.
//!
//! The struct alone: [`super::lifecycle`] makes, clones and frees objects, and fills their handler tables.

use std::cell::{Cell, RefCell, UnsafeCell};
use std::mem::offset_of;
use std::os::raw::c_int;
use std::ptr;
use std::rc::Rc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

use ext_php_rs::ffi::{self, zend_array, zend_class_entry, zend_object, zend_object_handlers};

use super::cache::{CacheSlot, Entry, Shelf, Spot, Table, nowhere};
use super::errors;
use super::globals::GLOBALS;
use super::handle::{Backend, Content, Handle, Version};
use super::instance::Instance;
use super::pending::Pending;
use super::provenance::Provenance;
use super::value::Policy;
use super::zend::{self, Array, Held, Object, Thrown, ZStr};

/// One Sync object. The engine knows it by the address of `std`.
///
/// Shared references only: while one handler runs user code, that code may enter another handler
/// of the same object.
#[repr(C)]
pub struct SyncObject {
    /// Null until the constructor has run.
    instance: Cell<*mut Instance>,
    /// A number that tells it from the process's other objects, in bits 32 to 62.
    number: u64,
    /// The names that are known of its file; shared with other objects.
    shelf: Cell<*const Shelf>,
    /// Which classes values may contain.
    policy: UnsafeCell<Option<Policy>>,
    /// The same, where the constructor was called again: the last counts. Earlier ones stay for a decoder that is still at work.
    #[expect(clippy::vec_box, reason = "a policy in use stays where it is when another one is added")]
    later_policies: UnsafeCell<Vec<Box<Policy>>>,
    /// The most that it may trust its own file with, if it came out of a value of another store.
    bounds: RefCell<Option<Policy>>,
    /// The methods that the object's class overrides.
    pub overrides: Overrides,
    /// The engine is about to write back what `$sync['n'] += 1` has stored already.
    pub write_back: WriteBack,
    /// The table that `get_properties` gave the engine last, or null.
    pub shown: Cell<*mut zend_array>,
    /// Where it came from, if it was read to show another Sync object.
    provenance: RefCell<Option<Rc<Provenance>>>,
    /// How long values stay that methods of the class are about to store.
    pub pending: Pending,
    /// Whether the transaction under way is no program's, but that of a method about several names that calls methods of the class.
    pub in_step: Cell<bool>,
    /// How many elements of arrays are in the hands of functions, which may come back ([`super::taken`]).
    pub taken: Cell<u32>,
    /// The ends of the last pages of names that it has given.
    last_pages: RefCell<Vec<LastPage>>,
    /// Everything as it was read last, of a store that tells cheaply whether it has changed.
    pub kept: RefCell<Option<Kept>>,
    std: UnsafeCell<zend_object>,
}

/// A table of everything, for as long as the store has that content. There are neither objects nor references in it.
pub struct Kept {
    pub content: Content,
    pub table: Held<Array>,
}

/// The end of a page of names.
pub struct LastPage {
    /// The opening of the store that it is about.
    pub opening: u64,
    /// The place of the last name in the order.
    pub place: u64,
    pub name: Vec<u8>,
}

/// The parts of Sync that a subclass overrides. For these the engine's standard handlers apply.
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
    /// It overrides `count`.
    pub count: bool,
}

/// The number of the next object.
static OBJECTS: AtomicU32 = AtomicU32::new(1);

static CLASS: AtomicPtr<zend_class_entry> = AtomicPtr::new(ptr::null_mut());

/// The class entry of Sync.
pub fn class() -> *mut zend_class_entry {
    CLASS.load(Ordering::Relaxed)
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
        // SAFETY: the caller promises a linked class.
        unsafe {
            let overrides = |name: &str| {
                let method = zend::method(class, name);
                !method.is_null() && !ptr::eq((*method).common.scope, sync)
            };
            Self {
                properties: (*class).properties_info.nNumOfElements > 0,
                get: overrides("__get") || overrides("get"),
                set: overrides("__set") || overrides("set"),
                has: overrides("__isset") || overrides("has"),
                remove: overrides("__unset") || overrides("remove"),
                offsets: ["offsetget", "offsetset", "offsetexists", "offsetunset"].into_iter().any(overrides),
                count: overrides("count"),
            }
        }
    }

    /// Whether values go through methods of the class.
    pub fn accessors(self) -> bool {
        self.get || self.set
    }

    /// Whether it overrides anything.
    pub fn any(self) -> bool {
        self != Self::default()
    }
}

/// Where the engine's part of an object begins.
pub const OFFSET: c_int = offset_of!(SyncObject, std) as c_int;

/// The engine's guards against a magic method that asks for what it was asked for.
pub const IN_GET: u32 = 1 << 0;
pub const IN_SET: u32 = 1 << 1;
pub const IN_UNSET: u32 = 1 << 2;
pub const IN_ISSET: u32 = 1 << 3;

impl SyncObject {
    /// A new object, which has no handlers yet.
    ///
    /// # Safety
    /// `class` is Sync or inherits from it, and is linked.
    pub unsafe fn allocate(class: *mut zend_class_entry) -> *mut zend_object {
        // SAFETY: the allocation has room for the properties of the class; every field is initialised before the object
        // is returned.
        unsafe {
            let object: *mut SyncObject = ffi::ext_php_rs_zend_object_alloc(size_of::<SyncObject>(), class).cast();
            (&raw mut (*object).instance).write(Cell::new(ptr::null_mut()));
            (&raw mut (*object).number).write(u64::from(OBJECTS.fetch_add(1, Ordering::Relaxed) << 1 >> 1) << 32);
            (&raw mut (*object).shelf).write(Cell::new(nowhere()));
            (&raw mut (*object).policy).write(UnsafeCell::new(None));
            (&raw mut (*object).later_policies).write(UnsafeCell::new(Vec::new()));
            (&raw mut (*object).overrides).write(Overrides::of(class));
            (&raw mut (*object).write_back).write(WriteBack::default());
            (&raw mut (*object).shown).write(Cell::new(ptr::null_mut()));
            (&raw mut (*object).provenance).write(RefCell::new(None));
            (&raw mut (*object).bounds).write(RefCell::new(None));
            (&raw mut (*object).pending).write(Pending::default());
            (&raw mut (*object).in_step).write(Cell::new(false));
            (&raw mut (*object).taken).write(Cell::new(0));
            (&raw mut (*object).last_pages).write(RefCell::new(Vec::new()));
            (&raw mut (*object).kept).write(RefCell::new(None));
            let std = (*object).std.get();
            ffi::zend_object_std_init(std, class);
            ffi::object_properties_init(std, class);
            std
        }
    }

    /// Frees its own fields, when the engine frees the object.
    ///
    /// # Safety
    /// Nothing uses the object any more but the engine, which frees the rest of it.
    pub unsafe fn empty(&self) {
        self.drop_instance();
        // SAFETY: the caller promises that nothing else uses the object: no reference to these fields is in use.
        unsafe {
            drop(std::mem::take(&mut *self.policy.get()));
            drop(std::mem::take(&mut *self.later_policies.get()));
        }
        drop(self.provenance.take());
        drop(self.bounds.take());
        drop(self.last_pages.take());
        drop(self.kept.take());
        self.pending.empty();
    }

    /// Whether a method runs for a name, as one of the engine's guards says.
    pub fn is_guarded(&self, name: &ZStr, guard: u32) -> bool {
        // SAFETY: Sync has magic methods, so all objects of classes that extend it have guards, and no others are asked about.
        unsafe { *ffi::zend_get_property_guard(self.zend(), name.as_ptr()) & guard != 0 }
    }

    /// Runs `body`, a method for a name, and lets one of the engine's guards say so.
    pub fn guarding<T>(&self, name: &ZStr, guard: u32, body: impl FnOnce() -> T) -> T {
        // SAFETY: it has guards, as in `is_guarded`; asked for anew each time, as the guard moves where the object has many.
        let of_name = || unsafe { &mut *ffi::zend_get_property_guard(self.zend(), name.as_ptr()) };
        *of_name() |= guard;
        zend::finally(body, |_| *of_name() &= !guard)
    }

    /// The engine's facts about a property that the class declares, and that the running code may access; none where it does not.
    fn declaration(&self, name: &ZStr) -> Option<&ffi::zend_property_info> {
        if !self.overrides.properties {
            return None;
        }
        // SAFETY: the class of a live object, which keeps its declarations; the engine answers null or -1 for "no".
        let info = unsafe {
            let info = ffi::zend_get_property_info(self.object().class(), name.as_ptr(), 1);
            if info.addr() == usize::MAX { None } else { info.as_ref() }
        };
        info.filter(|info| info.flags & ffi::ZEND_ACC_STATIC == 0)
    }

    /// Whether `name` is a property that the class declares and that the running code may access.
    pub fn declares(&self, name: &ZStr) -> bool {
        self.declaration(name).is_some()
    }

    /// Whether `name` is a property of this object itself: one that the class declares, that the running code may access, and that was not unset.
    /// Others, private ones out of reach too, are in the store, as the engine asks `__get` and `__set` about them.
    pub fn has_own(&self, name: &ZStr) -> bool {
        /// `ZEND_VIRTUAL_PROPERTY_OFFSET`, from PHP 8.4 on: a property without a place for a value.
        const VIRTUAL: u32 = u32::MAX;
        let Some(info) = self.declaration(name) else { return false };
        if info.offset == VIRTUAL {
            return true;
        }
        // SAFETY: the object has its own values, or that there is none, at the offsets that its class has given them.
        unsafe {
            let value = self.zend().cast::<u8>().add(info.offset as usize).cast::<ffi::zval>();
            u32::from((*value).u1.v.type_) != zend::UNDEF || (*value).u2.extra & zend::IS_PROP_UNINIT != 0
        }
    }

    /// The Sync object around what the engine calls the object.
    ///
    /// # Safety
    /// `object` was made by [`SyncObject::allocate`], and outlives the reference.
    #[inline]
    pub unsafe fn of<'a>(object: *mut zend_object) -> &'a SyncObject {
        // SAFETY: `std` lies at this offset in an allocation of ours.
        unsafe { &*object.cast::<u8>().sub(offset_of!(SyncObject, std)).cast() }
    }

    /// The Sync object that an object is, if it is one.
    pub fn find(object: &Object) -> Option<&SyncObject> {
        let (ours, theirs) = (handlers(), object.handlers());
        let is_sync = ptr::eq(theirs, &ours.plain) || ptr::eq(theirs, &ours.derived);
        // SAFETY: `lifecycle` gives these two tables to objects that `allocate` made, and to no others.
        is_sync.then(|| unsafe { Self::of(object.as_ptr()) })
    }

    /// Binds a new object to the policy of the value that it came out of, if it is one of Sync.
    pub fn bind(object: &Object, policy: &Policy) {
        if let Some(this) = Self::find(object) {
            this.narrow(policy.clone());
        }
    }

    /// The number that tells it from all other objects.
    #[inline]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Lets an instruction's slot lead to an entry, unless other objects refresh the entries, too: the store would not come to know
    /// that this one has seen the new value.
    #[inline]
    pub fn lead(&self, slot: CacheSlot, entry: &mut Entry) {
        // SAFETY: the object counts as a user of its shelf, which stays for as long.
        if unsafe { &*self.shelf.get() }.has_one_user() {
            slot.lead_to(entry, self.number());
        }
    }

    /// The object as the engine knows it.
    #[inline]
    pub fn zend(&self) -> *mut zend_object {
        self.std.get()
    }

    /// The object as any other.
    #[inline]
    pub fn object(&self) -> &Object {
        // SAFETY: `of` was promised that the object outlives the reference.
        unsafe { Object::from_ptr(self.zend()) }
    }

    /// The values that were decoded before from the file that is open.
    ///
    /// # Safety
    /// The reference is gone before anything else can touch the cache: before any call into the
    /// engine that might run user code.
    #[inline]
    pub unsafe fn cache(&self) -> &Table {
        // SAFETY: the caller promises that the reference is gone before anything can change the shelf.
        unsafe { &self.shelf().values }
    }

    /// Where arrays end that are appended to without being read ([`super::patch`]): ints.
    ///
    /// # Safety
    /// As for [`SyncObject::cache`].
    #[inline]
    pub unsafe fn ends(&self) -> &Table {
        // SAFETY: the caller promises that the reference is gone before anything can change the shelf.
        unsafe { &self.shelf().ends }
    }

    /// The shelf for the file that is open.
    ///
    /// # Safety
    /// As for [`SyncObject::cache`].
    #[inline]
    unsafe fn shelf(&self) -> &Shelf {
        let opening = self.constructed().map_or(0, |instance| instance.store.opening());
        // SAFETY: the object counts as a user of this shelf, which stays for as long.
        let shelf = unsafe { &*self.shelf.get() };
        if shelf.opening == opening { shelf } else { self.change_shelf(opening) }
    }

    /// Takes the shelf for another opening. No reference to the old one is in use.
    #[cold]
    fn change_shelf(&self, opening: u64) -> &Shelf {
        let caches = &GLOBALS.get().caches;
        let old = self.shelf.replace(caches.take_shelf(opening));
        // SAFETY: the object has used the old one, and uses the new one from here on.
        unsafe {
            caches.give_back(old);
            &*self.shelf.get()
        }
    }

    /// The entry of a name, if it is one of the file that is open, and there is no transaction: the one to which the instruction's slot leads, or else by a
    /// search, after which the slot leads there.
    ///
    /// # Safety
    /// As for [`Table::find`].
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "as for `Table::find`")]
    pub unsafe fn entry(&self, slot: CacheSlot, name: &ZStr) -> Option<&mut Entry> {
        let opening = self.constructed()?.store.short_opening();
        // SAFETY: the caller promises to use one entry at a time, and none after anything else was done to the cache.
        unsafe {
            match slot.entry(self.number()) {
                Some(entry) if Handle::opening_of(&entry.version) == opening && opening != 0 => Some(entry),
                _ => self.entry_by_search(opening, slot, name),
            }
        }
    }

    /// As [`entry`](Self::entry), by a search.
    ///
    /// # Safety
    /// As for [`Table::find`].
    #[inline(never)]
    #[expect(clippy::mut_from_ref, reason = "as for `Table::find`")]
    unsafe fn entry_by_search(&self, opening: u64, slot: CacheSlot, name: &ZStr) -> Option<&mut Entry> {
        if opening == 0 {
            return None;
        }
        // SAFETY: the caller promises to use one entry at a time, and none after anything else was done to the cache.
        let entry = unsafe { self.cache().find(name) }?;
        self.lead(slot, entry);
        Some(entry)
    }

    /// The entry of a name, if it has the newest value, or says that there is none: a search, and a few loads.
    ///
    /// # Safety
    /// As for [`Table::find`].
    #[inline(never)]
    #[expect(clippy::mut_from_ref, reason = "as for `Table::find`")]
    pub unsafe fn known(&self, name: &ZStr) -> Option<&mut Entry> {
        // SAFETY: the caller promises to use one entry at a time, and none after anything else was done to the cache.
        unsafe { self.newest(name) }.ok()
    }

    /// As [`known`](Self::known); else where the search has ended.
    ///
    /// # Safety
    /// As for [`Table::find`].
    #[inline(always)]
    #[expect(clippy::mut_from_ref, reason = "as for `Table::find`")]
    pub unsafe fn newest(&self, name: &ZStr) -> Result<&mut Entry, Spot> {
        let Some(Instance { store, .. }) = self.constructed() else { return Err(Spot::NONE) };
        // SAFETY: the object counts as a user of its shelf, which stays for as long. The rest is as the caller promises. An entry
        // of a file that is not the one that is open any more is not current.
        unsafe {
            let table = &(*self.shelf.get()).values;
            let Some(entry) = table.find(name) else { return Err(table.spot(None)) };
            if !store.is_current(&entry.version) && !store.confirm(&mut entry.version) {
                return Err(table.spot(Some(entry)));
            }
            table.hit(entry);
            if (*self.shelf.get()).has_more.get() {
                // The store may not know that its object has seen the value: another one has looked.
                store.see(name.bytes(), &entry.version);
            }
            Ok(entry)
        }
    }

    /// Opens the file, if it is there, so that what is known of it is at hand. A failure comes again in the operation that follows.
    #[inline]
    pub fn enter(&self) {
        if let Some(instance) = self.constructed() {
            if instance.store.opening() == 0 {
                instance.store.enter();
            }
            // SAFETY: the reference ends here.
            unsafe { self.shelf() };
        }
    }

    /// The version of the value that the cache knows for a name; the default where it knows none.
    pub fn known_version(&self, name: &ZStr) -> Version {
        self.seek(name).1
    }

    /// Where a search for a name ends, and the version that the cache knows for it; the default where it knows none.
    pub fn seek(&self, name: &ZStr) -> (Spot, Version) {
        // SAFETY: the reference to the cache ends here, and nothing runs meanwhile.
        unsafe {
            let table = self.cache();
            let spot = table.spot(table.find(name));
            (spot, table.version_at(spot))
        }
    }

    /// The version at the end of a search, if that was among the names of the file that is open; else `None`.
    pub fn version_at(&self, spot: Spot) -> Option<Version> {
        // SAFETY: the reference to the cache ends here, and nothing runs meanwhile.
        let shelf = unsafe { self.shelf() };
        (spot.opening != 0 && spot.opening == shelf.opening).then(|| shelf.values.version_at(spot))
    }

    /// Makes the cache forget a name.
    pub fn forget(&self, name: &ZStr) {
        // SAFETY: the reference to the cache ends here, and releasing plain values runs no user code.
        unsafe { self.cache() }.forget(name);
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
        self.constructed().ok_or_else(|| not_constructed(self.object()))
    }

    /// Whether the running code is a part of a transaction of this object: it keeps others out, so that it may not wait for them.
    pub fn in_transaction(&self) -> bool {
        self.constructed().is_some_and(|instance| instance.store.in_transaction())
    }

    /// Which classes values may contain.
    pub fn policy(&self) -> Result<&Policy, Thrown> {
        // SAFETY: a policy stays where it is until the object is freed; the list is not kept.
        let policy =
            unsafe { (*self.later_policies.get()).last().map(|policy| &**policy).or((*self.policy.get()).as_ref()) };
        policy.ok_or_else(|| not_constructed(self.object()))
    }

    /// Says which classes values may contain from now on, as far as the bounds of what the object came out of allow them.
    pub fn set_policy(&self, policy: Policy) {
        let policy = match &*self.bounds.borrow() {
            Some(bounds) => policy.and(bounds),
            None => policy,
        };
        // SAFETY: no reference to the list is kept anywhere, and none to a policy that was not there.
        unsafe {
            let first = &mut *self.policy.get();
            if first.is_none() {
                *first = Some(policy);
            } else {
                (*self.later_policies.get()).push(Box::new(policy));
            }
        }
    }

    /// Binds a new object to the policy of what it came out of: nothing gives it a wider one from here on, whoever calls its methods.
    pub fn narrow(&self, policy: Policy) {
        let mut bounds = self.bounds.borrow_mut();
        *bounds = Some(match &*bounds {
            Some(bounds) => policy.and(bounds),
            None => policy,
        });
    }

    /// Binds a new object as another one is bound.
    pub fn narrow_as(&self, original: &Self) {
        self.bounds.replace(original.bounds.borrow().clone());
    }

    /// Gives the object its store, or another one; the old one's lock is released.
    pub fn set_instance(&self, instance: Instance) {
        self.drop_instance();
        self.instance.set(Box::into_raw(Box::new(instance)));
    }

    fn drop_instance(&self) {
        let old = self.instance.replace(ptr::null_mut());
        if !ptr::eq(self.shelf.get(), nowhere()) {
            self.change_shelf(0);
        }
        if !old.is_null() {
            // SAFETY: came from `Box::into_raw`; no reference is kept across user code.
            drop(unsafe { Box::from_raw(old) });
        }
    }

    /// Notes where a page of names has ended.
    pub fn add_last_page(&self, page: LastPage) {
        /// As many walks over the names may be under way.
        const WALKS: usize = 16;
        let mut pages = self.last_pages.borrow_mut();
        pages.retain(|other| other.name != page.name);
        if pages.len() == WALKS {
            pages.remove(0);
        }
        pages.push(page);
    }

    /// The place in the order of this name, if one of the last pages ended with it.
    pub fn place_of_last_page(&self, name: &[u8]) -> Option<u64> {
        let opening = self.constructed()?.store.opening();
        let pages = self.last_pages.borrow();
        pages.iter().find(|page| page.name == name && page.opening == opening).map(|page| page.place)
    }

    /// Says where the object came from.
    pub fn set_provenance(&self, provenance: Rc<Provenance>) {
        self.provenance.replace(Some(provenance));
    }

    /// Where the object came from.
    pub fn provenance(&self) -> Option<Rc<Provenance>> {
        self.provenance.borrow().clone()
    }

    /// Whether it came out of the very store that it is a handle on, at whatever depth.
    pub fn is_inside_itself(&self) -> bool {
        let provenance = self.provenance.borrow();
        let mut outer = std::iter::successors(provenance.as_deref(), |inner| inner.outer.as_deref());
        self.constructed().is_some_and(|instance| outer.any(|store| store.address == instance.store.address()))
    }

    /// Keeps the object alive until the result is dropped.
    #[inline]
    pub fn hold(&self) -> Held<Object> {
        Held::of(self.object())
    }
}

#[cold]
fn not_constructed(object: &Object) -> Thrown {
    // (Of an anonymous class, PHP shows its name up to the NUL.)
    let name = object.class_name().split(|&byte| byte == 0).next().unwrap_or_default();
    let name = String::from_utf8_lossy(name);
    errors::throw_error(&format!(
        "{name} is a Sync object that was not constructed: call parent::__construct($file) in {name}::__construct()"
    ))
}

/// Whether the engine is about to write back what an operator has stored already.
#[derive(Default)]
pub struct WriteBack(Cell<bool>);

impl WriteBack {
    /// An operation was done.
    pub fn expect(&self) {
        self.0.set(true);
    }

    /// True once after an operation was done.
    pub fn is_due(&self) -> bool {
        self.0.replace(false)
    }
}

/// Handler tables, filled by [`super::lifecycle`].
pub struct Handlers {
    /// For objects that are just Sync.
    pub plain: zend_object_handlers,
    /// For objects whose class declares properties or overrides methods.
    pub derived: zend_object_handlers,
}
// SAFETY: written once, then only read; the pointers in it are to functions.
unsafe impl Send for Handlers {}
// SAFETY: written once, then only read; the pointers in it are to functions.
unsafe impl Sync for Handlers {}

static HANDLERS: OnceLock<Handlers> = OnceLock::new();

/// The handler tables. Module startup has filled them before there is an object.
pub fn handlers() -> &'static Handlers {
    HANDLERS.get().expect("filled at module startup")
}

/// Makes `class` the class of these objects. Called at module startup; where a process starts PHP again, the
/// tables stand already.
pub fn register(class: *mut zend_class_entry, handlers: Handlers) {
    CLASS.store(class, Ordering::Relaxed);
    HANDLERS.get_or_init(|| handlers);
}
