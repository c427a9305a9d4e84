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

use std::cell::{Cell, RefCell, UnsafeCell};
use std::mem::offset_of;
use std::os::raw::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, Ordering};

use ext_php_rs::builders::ClassBuilder;
use ext_php_rs::ffi::{
    self, BP_VAR_RW, IS_OBJECT, zend_class_entry, zend_object, zend_object_handlers, zend_string, zval,
};
use ext_php_rs::flags::ClassFlags;

use super::change::{change, change_next};
use super::edit::Edit;
use super::errors::{self, contain};
use super::fetch::{Fetch, element, element_fetch, forget_type, property_fetch};
use super::globals::GLOBALS;
use super::object::{SyncObject, WriteBack};
use super::operation::{Operation, Operator};
use super::opline::Opline;
use super::step::Step;
use super::zend::{self, Held, Local, Object, Str, Thrown, Value};

/// A proxy in `result`: the value of `name`, or, without one, a new value under the next free number.
///
/// # Safety
/// All are valid; `result` is overwritten.
pub unsafe fn fetch_proxy(root: *mut zend_object, name: Option<Str>, result: *mut zval) {
    // SAFETY: the caller promises a live object and a place for the proxy.
    unsafe {
        (*result).value.obj = Proxy::make(root, name, Vec::new());
        (*result).u1.type_info = ffi::IS_OBJECT_EX;
    }
}

/// A proxy in `result` for `$sync['n'] += 1`: when it has operated, it tells the Sync object to
/// expect the [`WriteBack`].
///
/// # Safety
/// All are valid; `result` is overwritten.
pub unsafe fn fetch_operand(root: *mut zend_object, name: Str, result: *mut zval) {
    // SAFETY: the caller promises a live object and a place for the proxy, which is made first.
    unsafe {
        fetch_proxy(root, Some(name), result);
        Proxy::of((*result).value.obj).write_back_to(root, |object| &SyncObject::of(object).write_back);
    }
}

/// Finds the write_back in an object that has one.
type WriteBackOf = fn(*mut zend_object) -> *const WriteBack;

/// The way to a value inside of a shared one.
#[repr(C)]
struct Proxy {
    /// The Sync object; held.
    root: *mut zend_object,
    /// The name of the shared value. `None` once freed.
    way: RefCell<Option<Way>>,
    /// This proxy expects a write-back.
    write_back: WriteBack,
    /// The object that expects a write-back after this proxy has operated; held.
    write_back_to: Cell<Option<(*mut zend_object, WriteBackOf)>>,
    /// The value that the engine operates on for `->n += 1`.
    scratch: UnsafeCell<zval>,
    std: UnsafeCell<zend_object>,
}

#[derive(Clone)]
struct Way {
    /// `None`: the next free number, whichever that is when something is put there.
    name: Option<Str>,
    steps: Vec<Step>,
}

impl Way {
    /// Acts at its end, in the store of `root`.
    fn act(&self, root: &SyncObject, step: Option<&[Step; 1]>, edit: Edit) -> Result<(), Thrown> {
        let steps = step.map_or(self.steps.as_slice(), <[Step; 1]>::as_slice);
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
    // SAFETY: a proxy without a Sync object refuses everything.
    unsafe { Proxy::allocate(ptr::null_mut(), None) }
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
    /// A new proxy; the caller owns it.
    ///
    /// # Safety
    /// `root` is a live Sync object.
    unsafe fn make(root: *mut zend_object, name: Option<Str>, steps: Vec<Step>) -> *mut zend_object {
        // SAFETY: callers pass a valid Sync object, which the proxy holds.
        unsafe {
            (*root).gc.refcount += 1;
            Self::allocate(root, Some(Way { name, steps }))
        }
    }

    /// A proxy; the caller owns it.
    ///
    /// # Safety
    /// `root` is null, or an owned count of a Sync object.
    unsafe fn allocate(root: *mut zend_object, way: Option<Way>) -> *mut zend_object {
        let class = CLASS.load(Ordering::Relaxed);
        // SAFETY: the class was registered at startup; every field is initialised.
        unsafe {
            let proxy: *mut Proxy = ffi::ext_php_rs_zend_object_alloc(size_of::<Proxy>(), class).cast();
            (&raw mut (*proxy).root).write(root);
            (&raw mut (*proxy).way).write(RefCell::new(way));
            (&raw mut (*proxy).write_back).write(WriteBack::default());
            (&raw mut (*proxy).write_back_to).write(Cell::new(None));
            (&raw mut (*proxy).scratch).write(UnsafeCell::new(zend::empty()));
            let std = (*proxy).std.get();
            ffi::zend_object_std_init(std, class);
            // No program has one: the garbage collector need not look for cycles each time one is let go.
            (*std).gc.u.type_info |= ffi::GC_NOT_COLLECTABLE;
            (*std).handlers = table();
            std
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

    /// Names the object that expects a write-back.
    ///
    /// # Safety
    /// `object` is alive, and of a kind that `write_back` knows.
    unsafe fn write_back_to(&self, object: *mut zend_object, write_back: fn(*mut zend_object) -> *const WriteBack) {
        // SAFETY: callers pass a valid object.
        unsafe { (*object).gc.refcount += 1 };
        self.write_back_to.set(Some((object, write_back)));
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

    /// A proxy one step further, owned by the caller.
    ///
    /// # Safety
    /// The proxy has a way, and so a root.
    unsafe fn further(&self, step: Step) -> Result<*mut zend_object, Thrown> {
        let Way { name, mut steps } = self.way()?;
        steps.push(step);
        // SAFETY: a proxy with a way has a root.
        Ok(unsafe { Proxy::make(self.root, name, steps) })
    }

    /// Acts one step further, or here.
    ///
    /// # Safety
    /// The caller holds the root and the values of the edit.
    unsafe fn act(&self, step: Option<Step>, edit: Edit) -> Result<(), Thrown> {
        // SAFETY: a proxy with a way has a root, which it holds, and is held itself.
        unsafe {
            let _alive = Held::<Object>::share(self.std.get());
            let root = SyncObject::of(self.root);
            let mut way = self.way()?;
            match step {
                // `$sync->list[] =`, `$sync->text .=`, most often: what is here holds nothing of Rust's heap.
                Some(step) if way.steps.is_empty() => way.act(root, Some(&[step]), edit),
                None if way.steps.is_empty() => way.act(root, None, edit),
                step => {
                    way.steps.extend(step);
                    GLOBALS.get().buffers.park(way).act(root, None, edit)
                }
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
            if let Some((object, _)) = proxy.write_back_to.take() {
                ffi::ext_php_rs_zend_object_release(object);
            }
            if !proxy.root.is_null() {
                ffi::ext_php_rs_zend_object_release(proxy.root);
            }
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
        // SAFETY: the engine passes a proxy, an offset or null for `[]`, and a slot for the result.
        unsafe {
            let proxy = Proxy::of(object);
            let fetched = element_fetch(kind, offset, || proxy.written()).and_then(|fetch| {
                let step = element(offset);
                if let Fetch::Value = fetch {
                    return Err(is_not_read(proxy, &step));
                }
                (*result).value.obj = proxy.further(step)?;
                (*result).u1.type_info = ffi::IS_OBJECT_EX;
                if let Fetch::Operand = fetch {
                    Proxy::of((*result).value.obj).write_back_to(object, |proxy| &Proxy::of(proxy).write_back);
                }
                Ok(())
            });
            if fetched.is_ok() { result } else { ptr::null_mut() }
        }
    })
}

/// `->a['b'] = 1` of a proxy.
///
/// # Safety
/// Only the engine calls it, as a handler: with a proxy, and values that live until it returns.
unsafe extern "C" fn write_dimension(object: *mut zend_object, offset: *mut zval, value: *mut zval) {
    contain((), || {
        // SAFETY: the engine passes a proxy, an offset or null for `[]`, and a value.
        unsafe {
            let proxy = Proxy::of(object);
            if !proxy.write_back.is_due() {
                let held = Local::copy_of(Value::from_ptr(value).dereference());
                let _ = proxy.act(Some(element(offset)), Edit::Assign(&held));
            }
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
        let _ = unsafe { Proxy::of(object).act(Some(element(offset)), Edit::Unset) };
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
        // SAFETY: the engine passes a proxy, a valid name and a slot for the result.
        unsafe {
            let proxy = Proxy::of(object);
            let fetched = property_fetch(kind, name, || proxy.written()).and_then(|fetch| {
                let step = Step::Property(Str::share(name));
                if let Fetch::Value = fetch {
                    return Err(is_not_read(proxy, &step));
                }
                (*result).value.obj = proxy.further(step)?;
                (*result).u1.type_info = ffi::IS_OBJECT_EX;
                Ok(())
            });
            if fetched.is_ok() { result } else { zend::uninitialized() }
        }
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
        // SAFETY: the engine passes a proxy, a valid name and a value.
        unsafe {
            let held = Local::copy_of(Value::from_ptr(value).dereference());
            let step = Step::Property(Str::share(name));
            let proxy = Proxy::of(object);
            match proxy.act(Some(step), Edit::Assign(&held)) {
                Ok(()) => {
                    // The result of the assignment is the value as a typed property has converted it.
                    zend::swap(proxy.scratch.get(), held.as_ptr());
                    proxy.scratch.get()
                }
                Err(Thrown) => zend::error_zval(),
            }
        }
    })
}

/// `unset(->a->b)` of a proxy.
///
/// # Safety
/// Only the engine calls it, as a handler: with a proxy, and values that live until it returns.
unsafe extern "C" fn unset_property(object: *mut zend_object, name: *mut zend_string, _slot: *mut *mut c_void) {
    contain((), || {
        // SAFETY: the engine passes a proxy and a valid name.
        let _ = unsafe { Proxy::of(object).act(Some(Step::Property(Str::share(name))), Edit::Unset) };
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
        // SAFETY: the engine passes a proxy and a valid name; the scratch value is the proxy's.
        unsafe {
            let proxy = Proxy::of(object);
            forget_type(slot);
            let scratch = proxy.scratch.get();
            zend::release(scratch);
            match proxy.further(Step::Property(Str::share(name))) {
                Ok(further) => {
                    (*scratch).value.obj = further;
                    (*scratch).u1.type_info = ffi::IS_OBJECT_EX;
                    scratch
                }
                Err(Thrown) => zend::error_zval(),
            }
        }
    })
}

/// `+=`, `.=`, `++` and their kin on the value to which a proxy leads. `result` is `left` for most of them.
///
/// # Safety
/// Only the engine calls it: with live values, one of which is a proxy.
unsafe extern "C" fn do_operation(code: u8, result: *mut zval, left: *mut zval, right: *mut zval) -> c_int {
    contain(ffi::ZEND_RESULT_CODE_FAILURE, || {
        // SAFETY: the engine passes valid values, one of which is a proxy.
        unsafe {
            if zend::kind(left) != IS_OBJECT || !ptr::eq((*(*left).value.obj).handlers, table()) {
                return ffi::ZEND_RESULT_CODE_FAILURE;
            }
            let object = (*left).value.obj;
            let _alive = Held::<Object>::share(object);
            let proxy = Proxy::of(object);
            let instruction = Opline::current();
            let operator = instruction.and_then(|i| i.operator()).unwrap_or(Operator::Binary(u32::from(code)));
            let operand = if right.is_null() { None } else { Some(Value::from_ptr(right)) };
            let mut operation = Operation::new(operator, operand);
            if proxy.act(None, Edit::Operate(operation.due())).is_err() {
                operation.fail();
            }
            if operator.gives_old()
                && let Some(instruction) = instruction
            {
                // The engine has copied the proxy itself there, as the old value.
                let slot = instruction.variable(instruction.op().result.var);
                zend::swap(slot, operation.old().as_ptr());
            }
            if let Some((object, write_back)) = proxy.write_back_to.get() {
                (*write_back(object)).expect();
            }
            if ptr::eq(result, left) {
                zend::release(result);
            }
            zend::copy(result, operation.result().as_ptr());
            ffi::ZEND_RESULT_CODE_SUCCESS
        }
    })
}
