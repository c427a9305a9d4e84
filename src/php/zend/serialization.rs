//! Objects that were met outside of the engine's `serialize()` and `unserialize()`, made known to them: so that the
//! string that a `Serializable` makes can lead to an object of the value around.
//!
//! The engine lets those that are called within one another share a table, unless its lock says otherwise. For the
//! time of a handler, a table of ours is that one.

use std::cell::Cell;
use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::{Once, OnceLock};

use ext_php_rs::ffi;
use ext_php_rs::types::Zval;

use super::arrays::{new_list, place_of_int};
use super::executor::{exception_pending, fiber};
use super::objects::new_object;
use super::strings::release_string;
use super::types::{
    HashTable, LONG, OBJECT, zend_class_entry, zend_object, zend_serialize_data, zend_string, zend_unserialize_data,
};
use super::zvals::{RawValue, copy, kind, object_of, release, scratch, set_array, set_long};

unsafe extern "C" {
    fn sync_exchange_shared(with: Shared) -> Shared;
    fn php_var_serialize_init() -> *mut zend_serialize_data;
    fn php_var_serialize_destroy(data: *mut zend_serialize_data);
    fn php_var_serialize(into: *mut SmartString, value: *mut Zval, data: *mut *mut zend_serialize_data);
    fn php_var_unserialize_init() -> *mut zend_unserialize_data;
    fn php_var_unserialize_destroy(data: *mut zend_unserialize_data);
    fn php_var_unserialize_set_allowed_classes(data: *mut zend_unserialize_data, classes: *mut HashTable);
    fn php_var_unserialize(
        into: *mut Zval,
        at: *mut *const u8,
        end: *const u8,
        data: *mut *mut zend_unserialize_data,
    ) -> c_int;
    fn zend_observer_fiber_switch_register(handler: unsafe extern "C" fn(*mut c_void, *mut c_void));
    fn zend_user_serialize(
        object: *mut Zval,
        into: *mut *mut u8,
        len: *mut usize,
        data: *mut zend_serialize_data,
    ) -> c_int;
    fn zend_user_unserialize(
        into: *mut Zval,
        class: *mut zend_class_entry,
        bytes: *const u8,
        len: usize,
        data: *mut zend_unserialize_data,
    ) -> c_int;
}

/// The engine's `smart_str`.
#[repr(C)]
struct SmartString {
    string: *mut zend_string,
    capacity: usize,
}

/// The tables that the engine lets calls within one another share: see `serialization.c`.
#[repr(C)]
#[derive(Clone, Copy)]
struct Shared {
    lock: u32,
    met: *mut zend_serialize_data,
    met_level: u32,
    read: *mut zend_unserialize_data,
    read_level: u32,
}

impl Shared {
    /// Nothing: the first call makes a table of its own, which is shared from then on.
    const NOTHING: Self = Self { lock: 0, met: ptr::null_mut(), met_level: 0, read: ptr::null_mut(), read_level: 0 };

    /// Lets the calls to come share this, and returns the state that they shared before.
    fn exchange(self) -> Self {
        // SAFETY: the fields of this thread's globals.
        unsafe { sync_exchange_shared(self) }
    }
}

/// A table of ours that is in use. In the engine's memory: should the engine leave, it is there to the end of the
/// request.
struct Frame {
    /// The [`fiber`] that it belongs to.
    fiber: usize,
    outer: *mut Frame,
    /// The fiber's own tables, while another one runs.
    own: Shared,
    /// The tables that were shared before, or by those around.
    before: Shared,
}

thread_local! {
    /// The newest, whatever its fiber.
    static NEWEST: Cell<*mut Frame> = const { Cell::new(ptr::null_mut()) };
}

/// Has the tables stay with their fiber: what others do while it is suspended has nothing to do with its value.
///
/// # Safety
/// Only the engine calls it, with the contexts of two fibers.
unsafe extern "C" fn switch_fibers(from: *mut c_void, to: *mut c_void) {
    /// Gives the frames of a fiber what they shared, from the outermost on.
    ///
    /// # Safety
    /// `frame` is null or a frame in the list.
    unsafe fn go_on(frame: *mut Frame, fiber: usize) {
        // SAFETY: a frame is taken out of the list before its memory is given back, and all of the list are this thread's: so it and those
        // outside of it are alive, and nobody else writes to them.
        unsafe {
            if frame.is_null() {
                return;
            }
            go_on((*frame).outer, fiber);
            if (*frame).fiber == fiber {
                (*frame).before = (*frame).own.exchange();
            }
        }
    }

    // SAFETY: a frame is taken out of the list before its memory is given back, and all of the list are this thread's: those that are met are alive.
    unsafe {
        let mut frame = NEWEST.get();
        while !frame.is_null() {
            if (*frame).fiber == from.addr() {
                (*frame).own = (*frame).before.exchange();
            }
            frame = (*frame).outer;
        }
        go_on(NEWEST.get(), to.addr());
    }
}

/// Sees to it that tables stay with their fibers, from now on. Once per process.
pub fn watch_fibers() {
    static WATCHED: Once = Once::new();
    // SAFETY: the engine's list is there before any extension; the function is for as long as the process.
    WATCHED.call_once(|| unsafe { zend_observer_fiber_switch_register(switch_fibers) });
}

/// Forgets tables that are gone with a request that the engine has ended.
pub fn forget_tables() {
    NEWEST.set(ptr::null_mut());
}

/// Runs `call` with a table of its own, that `begin` makes and `end` destroys, whatever the engine is in the middle
/// of; and has the engine go on with that.
fn apart<T: Copy, R>(begin: impl FnOnce() -> T, call: impl FnOnce(T) -> R, end: impl FnOnce(T)) -> R {
    let frame = ext_php_rs::alloc::emalloc(std::alloc::Layout::new::<Frame>()).cast::<Frame>();
    let (fiber, outer) = (fiber(), NEWEST.get());
    // SAFETY: new memory.
    unsafe { frame.write(Frame { fiber, outer, own: Shared::NOTHING, before: Shared::NOTHING.exchange() }) };
    NEWEST.set(frame);
    let data = begin();
    let result = call(data);
    end(data);
    // SAFETY: those up to this one are of calls that have not come back. This fiber runs, and none of its own is
    // newer: what was shared before this one is shared after it.
    unsafe {
        (*frame).before.exchange();
        let mut newer = NEWEST.get();
        if newer == frame {
            NEWEST.set((*frame).outer);
        } else {
            while (*newer).outer != frame {
                newer = (*newer).outer;
            }
            (*newer).outer = (*frame).outer;
        }
        ext_php_rs::alloc::efree(frame.cast());
    }
    result
}

/// The engine's table of what `serialize()` has met, whose declaration is its own business: see [`can_share`].
#[repr(C)]
struct Met {
    /// From an address to its number, and from address + 1 to the thing itself.
    table: HashTable,
    last: u32,
}

/// Whether the engine's tables are as they are declared here. Looked at once.
pub fn can_share() -> bool {
    static CAN: OnceLock<bool> = OnceLock::new();
    *CAN.get_or_init(|| {
        let before = Shared::NOTHING.exchange();
        // SAFETY: what stands in the table is looked at as ints first, in memory that is the engine's, and used only
        // where these are what they should be.
        let can = unsafe {
            let mut data = php_var_serialize_init();
            let shared = Shared::NOTHING.exchange();
            let is_shared = shared.lock == 0 && shared.met == data && shared.met_level == 1 && shared.read.is_null();
            shared.exchange();
            let is_met = is_shared && {
                // A list of an object and the same object.
                let (list, first) = new_list(2);
                let mut value = scratch();
                let value: *mut Zval = &raw mut *value;
                set_array(value, list);
                let made = new_object(first, ffi::zend_standard_class_def);
                copy(first.add(1), first);
                let mut text = SmartString { string: ptr::null_mut(), capacity: 0 };
                php_var_serialize(&raw mut text, value, &raw mut data);
                if !text.string.is_null() {
                    release_string(text.string);
                }
                let met = data.cast::<Met>();
                let is_met = made
                    && (*met).last == 3
                    && (*met).table.nNumOfElements == 2
                    && (*met).table.nNumUsed == 2
                    && (*met).table.nTableSize == 16
                    && {
                        let address = object_of(first) as usize as u64;
                        let number = ffi::zend_hash_index_find(&raw const (*met).table, address);
                        let thing = ffi::zend_hash_index_find(&raw const (*met).table, address + 1);
                        !number.is_null()
                            && kind(number) == LONG
                            && (*number).value.lval == 2
                            && !thing.is_null()
                            && kind(thing) == OBJECT
                            && object_of(thing) == object_of(first)
                    };
                release(value);
                is_met
            };
            php_var_serialize_destroy(data);
            let read = php_var_unserialize_init();
            let shared = Shared::NOTHING.exchange();
            let is_read = shared.lock == 0 && shared.read == read && shared.read_level == 1 && shared.met.is_null();
            shared.exchange();
            php_var_unserialize_destroy(read);
            is_met && is_read
        };
        before.exchange();
        can
    })
}

/// The engine's own bookkeeping, which the `serialize` handler of a class expects; for the length of
/// one call, since meanwhile every `serialize()` that user code calls shares it.
pub fn begin_serialize() -> *mut zend_serialize_data {
    // SAFETY: no precondition.
    unsafe { php_var_serialize_init() }
}

/// The end of [`begin_serialize`].
///
/// # Safety
/// `data` is from there, and not used again.
pub unsafe fn end_serialize(data: *mut zend_serialize_data) {
    // SAFETY: the caller promises a table of the engine that is not used again.
    unsafe { php_var_serialize_destroy(data) }
}

/// As [`begin_serialize`], for the `unserialize` handler. `classes`: the names of those that it may make objects of; null for any.
///
/// # Safety
/// The table of classes lives until [`end_unserialize`] has returned.
pub unsafe fn begin_unserialize(classes: *mut HashTable) -> *mut zend_unserialize_data {
    // SAFETY: the caller promises the classes.
    unsafe {
        let data = php_var_unserialize_init();
        php_var_unserialize_set_allowed_classes(data, classes);
        data
    }
}

/// The end of [`begin_unserialize`]. Runs the `__wakeup`s that it put off.
///
/// # Safety
/// As for [`end_serialize`].
pub unsafe fn end_unserialize(data: *mut zend_unserialize_data) {
    // SAFETY: the caller promises a table of the engine that is not used again.
    unsafe { php_var_unserialize_destroy(data) }
}

/// True if objects of this class are written by their method `serialize`, which can call `serialize()`.
///
/// # Safety
/// `class` is a class of this request.
pub unsafe fn has_serialize_method(class: *const zend_class_entry) -> bool {
    // SAFETY: the caller promises a live class.
    unsafe { (*class).serialize.is_some_and(|f| f as usize == zend_user_serialize as *const () as usize) }
}

/// As [`has_serialize_method`], for `unserialize`.
///
/// # Safety
/// `class` is a class of this request.
pub unsafe fn has_unserialize_method(class: *const zend_class_entry) -> bool {
    // SAFETY: the caller promises a live class.
    unsafe { (*class).unserialize.is_some_and(|f| f as usize == zend_user_unserialize as *const () as usize) }
}

/// The table of the engine's `serialize()`, in [`serialize_among`].
pub struct Among {
    data: *mut zend_serialize_data,
}

/// The fate of an object.
pub enum Serialized {
    /// These bytes, of Zend's memory.
    As(*mut u8, usize),
    /// It chose to be null.
    Null,
    /// An exception is pending.
    Thrown,
}

impl Among {
    /// Has an object's method `serialize` make its string.
    ///
    /// # Safety
    /// `at` is a live object of a class that [has](has_serialize_method) the method.
    pub unsafe fn serialize(&self, at: *mut Zval) -> Serialized {
        let (mut bytes, mut len) = (ptr::null_mut(), 0);
        // SAFETY: the caller promises a live object of a class with this method; the two results are places of this
        // frame.
        let outcome = unsafe { zend_user_serialize(at, &raw mut bytes, &raw mut len, self.data) };
        match outcome {
            _ if exception_pending() => {
                if !bytes.is_null() {
                    // SAFETY: the handler's, and nobody else's.
                    unsafe { ext_php_rs::alloc::efree(bytes) };
                }
                Serialized::Thrown
            }
            0 if !bytes.is_null() => Serialized::As(bytes, len),
            _ => Serialized::Null,
        }
    }

    /// Remembers that an object is null from here on.
    ///
    /// # Safety
    /// `object` is among those that were met.
    pub unsafe fn became_null(&self, object: *mut zend_object) {
        // SAFETY: the table is as `can_share` has found it.
        unsafe { set_long(place_of_int(&raw mut (*self.data.cast::<Met>()).table, object as usize as i64), -1) };
    }
}

/// Runs `call`, in which the engine's `serialize()` has met what is in this table, the last of it under this
/// number.
///
/// # Safety
/// [`can_share`] has said so. The table is from an address to its number, and from address + 1 to the thing itself, and
/// nobody else uses it meanwhile.
pub unsafe fn serialize_among<R>(met: *mut HashTable, last: u32, call: impl FnOnce(Among) -> R) -> R {
    apart(
        || unsafe {
            // SAFETY: tables may be moved, and this one is the engine's from here on.
            let data = php_var_serialize_init();
            ptr::swap(&raw mut (*data.cast::<Met>()).table, met);
            (*data.cast::<Met>()).last = last;
            data
        },
        |data| call(Among { data }),
        |data| unsafe {
            // SAFETY: the table that `begin` has made, whose own table comes back in its place; nothing is let go of before the engine is what it was.
            ptr::swap(&raw mut (*data.cast::<Met>()).table, met);
            php_var_serialize_destroy(data);
        },
    )
}

/// Runs `call`, in which the engine's `unserialize()` has met these values under the numbers from 1 on. The last of
/// them has no number: it stands for each that is not among them, since nothing can lead there. It makes objects of
/// these classes: null for all. At the end the hooks run that it has put off.
///
/// # Safety
/// [`can_share`] has said so. The values are owned, and released by this; their memory is the engine's, so that it
/// lives to the end of the request if the engine leaves. The classes live as long as the call takes.
pub unsafe fn unserialize_among<R>(
    numbers: usize,
    known: &mut [(usize, RawValue)],
    classes: *mut HashTable,
    call: impl FnOnce(*mut zend_unserialize_data) -> R,
) -> R {
    const NULL_VALUE: &[u8] = b"N;";
    let count = known.len() - 1;
    let values = known.as_mut_ptr();
    let result = apart(
        || unsafe {
            // SAFETY: the engine keeps pointers to the places that it writes to. The caller promises that they stay
            // where they are, even if the engine leaves.
            let nothing: *mut Zval = (&raw mut (*values.add(count)).1).cast();
            let mut data = php_var_unserialize_init();
            php_var_unserialize_set_allowed_classes(data, classes);
            let mut next = 0;
            for number in 1..=numbers {
                let mut place = nothing;
                let mut value = None;
                if next < count && (*values.add(next)).0 == number {
                    place = (&raw mut (*values.add(next)).1).cast();
                    value = Some((*values.add(next)).1);
                    next += 1;
                }
                let mut at = NULL_VALUE.as_ptr();
                php_var_unserialize(place, &raw mut at, NULL_VALUE.as_ptr_range().end, &raw mut data);
                if let Some(value) = value {
                    place.cast::<RawValue>().write(value);
                }
            }
            data
        },
        call,
        // SAFETY: made above.
        |data| unsafe { php_var_unserialize_destroy(data) },
    );
    // One that is missing, too: hostile bytes may have made a reference of it.
    for (_, value) in known.iter() {
        value.release();
    }
    result
}
