//! The object that the engine gets for `$sync->a` where something inside of it is to be changed.
//!
//! The engine takes `$sync->a['b'][] = 1` apart: it fetches `a` "for writing", then `['b']` of what it
//! got, and so on, and acts on the last. There is no place in this process that it could act on, so
//! it gets a [`Proxy`]: an internal object that knows the way to a value. The engine
//! passes an operation on an object to the object's handlers; the one that ends the statement does all of it
//! ([`super::change`]). Nothing is held between handlers.
//!
//! Compound operators (`+=`, `.=`, `++`) end in the handler `do_operation`, which gets the operand
//! and may run user code (`__toString`). Where the engine would then write the result back, it is
//! told that this has happened already ([`WriteBack`]).

use std::cell::{RefCell, UnsafeCell};
use std::mem::offset_of;
use std::os::raw::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::ffi::{self, BP_VAR_RW, zend_class_entry, zend_object, zend_object_handlers, zend_string, zval};
use ext_php_rs::flags::ClassFlags;

use super::cache::CacheSlot;
use super::change::{change, change_next};
use super::edit::Edit;
use super::errors::{self, contain};
use super::fetch::{self, Fetch, element, element_fetch, property_fetch};
use super::globals::GLOBALS;
use super::object::{SyncObject, WriteBack};
use super::operation::{Operation, Operator};
use super::opline::Opline;
use super::step::Step;
use super::zend::{self, Held, Local, Object, Slot, Str, Thrown, Value, ZStr};

/// A proxy in `into`, which is overwritten: the value of `name`, or, without one, a new value under the next free number.
/// Returns the place.
pub fn fetch_proxy(root: &SyncObject, name: Option<Str>, mut into: Slot) -> *mut zval {
    into.set_object(Proxy::make(Way { root: root.hold(), name, steps: Vec::new() }));
    into.as_ptr()
}

/// A proxy in `into`, which is overwritten, for `$sync['n'] += 1`: when it has operated, it tells the Sync object to
/// expect the [`WriteBack`]. Returns the place.
pub fn fetch_operand(root: &SyncObject, name: Str, mut into: Slot) -> *mut zval {
    let proxy = Proxy::make(Way { root: root.hold(), name: Some(name), steps: Vec::new() });
    if let Some(proxy) = Proxy::find(&proxy) {
        proxy.write_back_to.replace(Some(root.hold()));
    }
    into.set_object(proxy);
    into.as_ptr()
}

/// Lets an object expect a write-back, if it is of a kind that does.
fn expect_write_back(object: &Object) {
    if let Some(proxy) = Proxy::find(object) {
        proxy.write_back.expect();
    } else if let Some(sync) = SyncObject::find(object) {
        sync.write_back.expect();
    }
}

/// The way to a value inside of a shared one.
#[repr(C)]
struct Proxy {
    /// The way to the value. `None` once freed, and for a proxy that leads nowhere.
    way: RefCell<Option<Way>>,
    /// This proxy expects a write-back.
    write_back: WriteBack,
    /// The object that expects a write-back after this proxy has operated.
    write_back_to: RefCell<Option<Held<Object>>>,
    /// The value that the engine operates on for `->n += 1`.
    scratch: UnsafeCell<zval>,
    std: UnsafeCell<zend_object>,
}

#[derive(Clone)]
struct Way {
    /// The Sync object.
    root: Held<Object>,
    /// `None`: the next free number, whichever that is when something is put there.
    name: Option<Str>,
    steps: Vec<Step>,
}

impl Way {
    /// Acts at its end.
    fn act(&self, step: Option<&[Step; 1]>, edit: Edit) -> Result<(), Thrown> {
        let steps = step.map_or(self.steps.as_slice(), <[Step; 1]>::as_slice);
        // SAFETY: ways are made by `fetch_proxy` and `fetch_operand` alone, of a Sync object, and hold it.
        let root = unsafe { SyncObject::of(self.root.as_ptr()) };
        match &self.name {
            Some(name) => change(root, name, steps, edit),
            None => change_next(root, steps, edit),
        }
    }
}

static CLASS: AtomicPtr<zend_class_entry> = AtomicPtr::new(ptr::null_mut());

/// Registers the class of proxies, which programs never see. Called once, at module startup.
pub fn register() -> ext_php_rs::error::Result<()> {
    // Now, while there is one thread: a child that another one forks in the middle would wait for it.
    table();
    ClassBuilder::new("Sync\\Place")
        .flags(ClassFlags::Final | ClassFlags::NotSerializable | ClassFlags::NoDynamicProperties)
        .registration(|class, _| {
            class.__bindgen_anon_2.create_object = Some(refuse);
            CLASS.store(class, Ordering::Relaxed);
        })
        .register()
}

/// `new Sync\Proxy` is an object that leads nowhere.
///
/// # Safety
/// Only the engine calls it, for the class of proxies.
unsafe extern "C" fn refuse(_class: *mut zend_class_entry) -> *mut zend_object {
    errors::throw_error("Sync\\Place is internal to Sync and cannot be instantiated");
    // (A proxy without a way refuses everything.)
    Proxy::allocate(None).into_raw()
}

fn table() -> &'static zend_object_handlers {
    struct Table(zend_object_handlers);
    // SAFETY: written once, then only read; the pointers in it are to functions.
    unsafe impl Send for Table {}
    // SAFETY: as above.
    unsafe impl Sync for Table {}
    static TABLE: OnceLock<Table> = OnceLock::new();
    &TABLE
        .get_or_init(|| {
            // SAFETY: the engine's own table is a constant.
            let mut table = unsafe { ffi::std_object_handlers };
            table.offset = offset_of!(Proxy, std) as c_int;
            table.free_obj = Some(free);
            table.clone_obj = None;
            table.read_property = Some(read_property);
            table.write_property = Some(write_property);
            table.unset_property = Some(unset_property);
            table.get_property_ptr_ptr = Some(get_property_ptr_ptr);
            table.read_dimension = Some(read_dimension);
            table.write_dimension = Some(write_dimension);
            table.unset_dimension = Some(unset_dimension);
            table.do_operation = Some(do_operation);
            Table(table)
        })
        .0
}

impl Proxy {
    /// A new proxy.
    fn make(way: Way) -> Held<Object> {
        Self::allocate(Some(way))
    }

    fn allocate(way: Option<Way>) -> Held<Object> {
        let class = CLASS.load(Ordering::Relaxed);
        // SAFETY: the class was registered at startup; every field is initialised.
        unsafe {
            let proxy: *mut Proxy = ffi::ext_php_rs_zend_object_alloc(size_of::<Proxy>(), class).cast();
            (&raw mut (*proxy).way).write(RefCell::new(way));
            (&raw mut (*proxy).write_back).write(WriteBack::default());
            (&raw mut (*proxy).write_back_to).write(RefCell::new(None));
            (&raw mut (*proxy).scratch).write(UnsafeCell::new(zend::empty()));
            let std = (*proxy).std.get();
            ffi::zend_object_std_init(std, class);
            // No program has one: the garbage collector need not look for cycles each time one is let go.
            (*std).gc.u.type_info |= ffi::GC_NOT_COLLECTABLE;
            (*std).handlers = table();
            Held::from_owned(std)
        }
    }

    /// The proxy around the engine's structure.
    ///
    /// # Safety
    /// `object` was made by [`Proxy::allocate`], and outlives the result.
    unsafe fn of<'a>(object: *mut zend_object) -> &'a Proxy {
        // SAFETY: callers pass an object that `allocate` made.
        unsafe { &*object.cast::<u8>().sub(offset_of!(Proxy, std)).cast() }
    }

    /// The proxy that an object is, if it is one.
    fn find(object: &Object) -> Option<&Proxy> {
        // SAFETY: only `allocate` gives this table to an object.
        ptr::eq(object.handlers(), table()).then(|| unsafe { Self::of(object.as_ptr()) })
    }

    /// The way to here.
    fn way(&self) -> Result<Way, Thrown> {
        let way = self.way.borrow();
        way.clone().ok_or_else(|| errors::throw_error("This place in a Sync object is not in use any more"))
    }

    /// The way to here, as a program writes it: `->a['b']`.
    fn written(&self) -> String {
        self.way.borrow().as_ref().map_or(String::new(), |way| {
            let steps = way.steps.iter().map(Step::to_string).collect::<String>();
            way.name.clone().map_or(Step::Append, Step::Property).to_string() + &steps
        })
    }

    /// A proxy one step further. `fetch`: for which purpose the engine wants it.
    fn further(&self, step: Step, fetch: &Fetch) -> Result<Held<Object>, Thrown> {
        if let Fetch::Value = fetch {
            return Err(is_not_read(self, &step));
        }
        let mut way = self.way()?;
        way.steps.push(step);
        Ok(Proxy::make(way))
    }

    /// Acts one step further, or here. (The way holds its root; of the proxy, nothing is used from there on.)
    fn act(&self, step: Option<Step>, edit: Edit) -> Result<(), Thrown> {
        let mut way = self.way()?;
        match step {
            // `$sync->list[] =`, `$sync->text .=`, most often: what is here holds nothing of Rust's heap.
            Some(step) if way.steps.is_empty() => way.act(Some(&[step]), edit),
            None if way.steps.is_empty() => way.act(None, edit),
            step => {
                way.steps.extend(step);
                GLOBALS.get().buffers.park(way).act(None, edit)
            }
        }
    }
}

/// No instruction of PHP reads what it has fetched to change it.
#[cold]
fn is_not_read(proxy: &Proxy, step: &Step) -> Thrown {
    let way = proxy.written();
    errors::throw_error(&format!("Cannot read {way}{step} in a Sync object where it is to be changed"))
}

/// Frees a proxy.
///
/// # Safety
/// Only the engine calls it, as a handler: with a proxy, and values that live until it returns. It is not used again.
unsafe extern "C" fn free(object: *mut zend_object) {
    contain((), || {
        // SAFETY: the engine passes an object of ours, once.
        unsafe {
            let proxy = Proxy::of(object);
            drop(proxy.way.take());
            zend::release(proxy.scratch.get());
            drop(proxy.write_back_to.take());
            ffi::zend_object_std_dtor(object);
        }
    });
}

/// `->a['b']` of a proxy.
///
/// # Safety
/// Only the engine calls it, as a handler: with a proxy, and values that live until it returns.
unsafe extern "C" fn read_dimension(
    object: *mut zend_object,
    offset: *mut zval,
    kind: c_int,
    result: *mut zval,
) -> *mut zval {
    contain(ptr::null_mut(), || {
        // SAFETY: the engine passes a proxy, an offset or null for `[]`, and a place for the result.
        let (object, proxy, offset, mut into) =
            unsafe { (Object::from_ptr(object), Proxy::of(object), fetch::offset(offset), Slot::new(result)) };
        let fetched = element_fetch(kind, offset, || proxy.written()).and_then(|fetch| {
            let further = proxy.further(element(offset), &fetch)?;
            if let (Fetch::Operand, Some(further)) = (fetch, Proxy::find(&further)) {
                further.write_back_to.replace(Some(Held::of(object)));
            }
            into.set_object(further);
            Ok(())
        });
        if fetched.is_ok() { result } else { ptr::null_mut() }
    })
}

/// `->a['b'] = 1` of a proxy.
///
/// # Safety
/// Only the engine calls it, as a handler: with a proxy, and values that live until it returns.
unsafe extern "C" fn write_dimension(object: *mut zend_object, offset: *mut zval, value: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes a proxy, an offset or null for `[]`, and a value.
        let (proxy, offset, value) =
            unsafe { (Proxy::of(object), fetch::offset(offset), Value::from_ptr(value).dereference()) };
        if !proxy.write_back.is_due() {
            let held = Local::copy_of(value);
            let _ = proxy.act(Some(element(offset)), Edit::Assign(&held));
        }
    });
}

/// `unset(->a['b'])` of a proxy.
///
/// # Safety
/// Only the engine calls it, as a handler: with a proxy, and values that live until it returns.
unsafe extern "C" fn unset_dimension(object: *mut zend_object, offset: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes a proxy and an offset.
        let (proxy, offset) = unsafe { (Proxy::of(object), fetch::offset(offset)) };
        let _ = proxy.act(Some(element(offset)), Edit::Unset);
    });
}

/// `->a->b` of a proxy.
///
/// # Safety
/// Only the engine calls it, as a handler: with a proxy, and values that live until it returns.
unsafe extern "C" fn read_property(
    object: *mut zend_object,
    name: *mut zend_string,
    kind: c_int,
    _slot: *mut *mut c_void,
    result: *mut zval,
) -> *mut zval {
    contain(zend::uninitialized(), || {
        // SAFETY: the engine passes a proxy, a live name and a place for the result.
        let (proxy, name, mut into) = unsafe { (Proxy::of(object), ZStr::from_ptr(name), Slot::new(result)) };
        let fetched = property_fetch(kind, name, || proxy.written())
            .and_then(|fetch| proxy.further(Step::Property(Str::of(name)), &fetch));
        match fetched {
            Ok(further) => into.set_object(further),
            Err(Thrown) => return zend::uninitialized(),
        }
        result
    })
}

/// `->a->b = 1` of a proxy.
///
/// # Safety
/// Only the engine calls it, as a handler: with a proxy, and values that live until it returns.
unsafe extern "C" fn write_property(
    object: *mut zend_object,
    name: *mut zend_string,
    value: *mut zval,
    _slot: *mut *mut c_void,
) -> *mut zval {
    contain(zend::error_zval(), || {
        // SAFETY: the engine passes a proxy, a live name and a value.
        let (proxy, name, value) =
            unsafe { (Proxy::of(object), Str::share(name), Value::from_ptr(value).dereference()) };
        let mut held = Local::copy_of(value);
        match proxy.act(Some(Step::Property(name)), Edit::Assign(&held)) {
            Ok(()) => {
                // The result of the assignment is the value as a typed property has converted it.
                // SAFETY: the proxy's own, which only the instruction that runs uses.
                unsafe { Slot::new(proxy.scratch.get()) }.swap(&mut held.slot());
                proxy.scratch.get()
            }
            Err(Thrown) => zend::error_zval(),
        }
    })
}

/// `unset(->a->b)` of a proxy.
///
/// # Safety
/// Only the engine calls it, as a handler: with a proxy, and values that live until it returns.
unsafe extern "C" fn unset_property(object: *mut zend_object, name: *mut zend_string, _slot: *mut *mut c_void) {
    contain((), || {
        // SAFETY: the engine passes a proxy and a live name.
        let (proxy, name) = unsafe { (Proxy::of(object), Str::share(name)) };
        let _ = proxy.act(Some(Step::Property(name)), Edit::Unset);
    });
}

/// `->a->b += 1` of a proxy; null for all else.
///
/// # Safety
/// Only the engine calls it, as a handler: with a proxy, and values that live until it returns.
unsafe extern "C" fn get_property_ptr_ptr(
    object: *mut zend_object,
    name: *mut zend_string,
    kind: c_int,
    slot: *mut *mut c_void,
) -> *mut zval {
    contain(ptr::null_mut(), || {
        let operates = kind as u32 == BP_VAR_RW && Opline::current().is_some_and(|i| i.operator().is_some());
        if !operates {
            return ptr::null_mut();
        }
        // SAFETY: the engine passes a proxy, a live name, and a cache slot or null.
        let (proxy, name) = unsafe {
            CacheSlot::new(slot).forget_type();
            (Proxy::of(object), Str::share(name))
        };
        // SAFETY: the proxy's own, which only the instruction that runs uses.
        let mut scratch = unsafe { Slot::new(proxy.scratch.get()) };
        scratch.reborrow().release();
        match proxy.further(Step::Property(name), &Fetch::Operand) {
            Ok(further) => {
                scratch.set_object(further);
                scratch.as_ptr()
            }
            Err(Thrown) => zend::error_zval(),
        }
    })
}

/// `+=`, `.=`, `++` and their kin on the value to which a proxy leads. `result` is `left` for most of them.
///
/// # Safety
/// Only the engine calls it: with live values, one of which is a proxy.
unsafe extern "C" fn do_operation(code: u8, result: *mut zval, left: *mut zval, right: *mut zval) -> c_int {
    contain(ffi::ZEND_RESULT_CODE_FAILURE, || {
        // SAFETY: the engine passes a live value, and another one or null.
        let (object, operand) = unsafe { (Value::from_ptr(left).object().map(Held::of), fetch::offset(right)) };
        let Some(proxy) = object.as_deref().and_then(Proxy::find) else {
            return ffi::ZEND_RESULT_CODE_FAILURE;
        };
        let instruction = Opline::current();
        let operator = instruction.and_then(|i| i.operator()).unwrap_or(Operator::Binary(u32::from(code)));
        let mut operation = Operation::new(operator, operand);
        if proxy.act(None, Edit::Operate(operation.due())).is_err() {
            operation.fail();
        }
        if operator.gives_old()
            && let Some(instruction) = instruction
        {
            // The engine has copied the proxy itself there, as the old value.
            // SAFETY: the result of the instruction that runs, which nothing else uses.
            unsafe { zend::swap(instruction.variable(instruction.op().result.var), operation.old().as_ptr()) };
        }
        if let Some(object) = &*proxy.write_back_to.borrow() {
            expect_write_back(object);
        }
        // SAFETY: the engine passes a place for the result: free, or that of the left value, which `object` holds.
        let mut into = unsafe { Slot::new(result) };
        if ptr::eq(result, left) {
            into.reborrow().release();
        }
        into.copy(operation.result());
        ffi::ZEND_RESULT_CODE_SUCCESS
    })
}
