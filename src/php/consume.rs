//! `consume()`: the first element of an array for a function, which has it for good only when the function is through.
//!
//! The store keeps the element meanwhile ([`super::taken`]), as a process knows nothing any more that has died in the function.

use ext_php_rs::ffi::zval;
use ext_php_rs::zend::ExecuteData;

use super::accessors;
use super::buffers::Buffer;
use super::call::{arguments, run};
use super::errors::throw_sync;
use super::exclusive::{Standing, Turn, exclusive};
use super::globals::GLOBALS;
use super::handle::{Backend, Item, Taken, Version};
use super::legacy::retry_importing;
use super::lifetime::Lifetime;
use super::names::check_name;
use super::object::SyncObject;
use super::property::{self, Observed};
use super::queue::{awaited, count, split_first};
use super::refusal::{cannot_store, refuse_in_transaction};
use super::stored::{self, Encoded};
use super::taken::{Finished, finish_after, take_into, while_taken};
use super::timeout::Timeout;
use super::value::is_plain;
use super::zend::{self, Callback, Key, Local, Str, Thrown, Value, ZStr};

pub extern "C" fn consume(data: &mut ExecuteData, result: &mut zval) {
    run(data, result, |call| {
        arguments!(call, c"Sz|z", name: ZStr, callback: Value; timeout: Value);
        let (callback, name) = (Callback::of(callback, 2)?, Str::of(name));
        let timeout = Timeout::of(timeout, 3, Some(0.0))?;
        let this = call.this();
        check_name(&name)?;
        refuse_in_transaction(this, "consume")?;
        let queue = Queue { this, name: &name, callback: &callback, patience: timeout.for_others() };
        let is_done = awaited(this, &name, timeout, || queue.consume_once())?.is_some();
        call.result().set_bool(is_done);
        Ok(())
    });
}

/// A call of the method.
struct Queue<'a> {
    this: &'a SyncObject,
    name: &'a Str,
    callback: &'a Callback,
    /// How long others are waited for that keep it from writing.
    patience: Timeout,
}

/// An element that the store keeps for this object.
struct Kept {
    token: u64,
    element: Element,
    /// The array that it was taken off, where it may share objects or references with the others.
    whole: Option<Whole>,
}

/// An array as it was before its first element was taken off.
struct Whole {
    bytes: Buffer,
    lifetime: Lifetime,
    /// The array of the others.
    rest: Observed,
    /// The process that has taken the element: a child of it has none.
    process: u32,
}

/// An element on its way to the function.
enum Element {
    Encoded(Buffer),
    Decoded(Local),
}

impl Queue<'_> {
    /// Lets the function have what is the first element now. `None`: there is none.
    fn consume_once(&self) -> Result<Option<()>, Thrown> {
        let this = self.this;
        if this.overrides.accessors() {
            return self.consume_by_methods();
        }
        this.enter();
        let Some(Kept { token, element, whole }) = self.take()? else { return Ok(None) };
        let finished = finish_after(this, token, || {
            let outcome = self.callback.call(&[self.decoded(element)?]);
            if let (Err(Thrown), Some(whole)) = (&outcome, whole) {
                // (Where that fails, the element goes back by itself.)
                let _ = zend::setting_exception_aside(|| self.put_back(token, &whole));
            }
            outcome
        });
        match finished? {
            Finished::Done(_) | Finished::Gone(_) => Ok(Some(())),
            Finished::Back => Err(has_gone_back(this, self.name)),
        }
    }

    /// Puts back an array as it was, in which the element and the others share objects or references, unless it has changed meanwhile.
    /// (A process that dies in between has done both, and the function gets the element once more.)
    fn put_back(&self, token: u64, whole: &Whole) -> Result<(), Thrown> {
        let Self { this, name, .. } = *self;
        if std::process::id() != whole.process {
            return Ok(());
        }
        exclusive(this, |_| {
            let is_back = retry_importing(this, |store| {
                let is_unchanged = whole.rest.is_newest(store, name.bytes())?;
                if is_unchanged {
                    let mut version = Version::default();
                    store.put_until(name.bytes(), (&whole.bytes, &[]), whole.lifetime.expiry(), &mut version)?;
                }
                Ok(is_unchanged)
            })?;
            this.forget(name);
            if is_back {
                retry_importing(this, |store| store.finish(token))?;
            }
            Ok(())
        })
    }

    fn decoded(&self, element: Element) -> Result<Local, Thrown> {
        match element {
            Element::Decoded(element) => Ok(element),
            Element::Encoded(bytes) => {
                let mut element = Local::new();
                stored::decode(self.this, self.name.bytes(), &bytes, element.slot())?;
                Ok(element)
            }
        }
    }

    /// Takes the first element off what is there now.
    fn take(&self) -> Result<Option<Kept>, Thrown> {
        let Self { this, name, .. } = *self;
        let mut bytes = GLOBALS.get().buffers.take();
        match take_into(this, &mut bytes, self.patience, |store, bytes| store.take(name.bytes(), bytes))? {
            None | Some(Taken::Nothing) => Ok(None),
            Some(Taken::Item(token)) => Ok(Some(Kept { token, element: Element::Encoded(bytes), whole: None })),
            Some(Taken::Whole) => loop {
                // (`None`: another process, a hook of a class, or this process's child was faster.)
                if let Some(kept) = exclusive(this, |turn| self.take_by_reading(turn))? {
                    return Ok(kept);
                }
            },
        }
    }

    /// Reads the array, takes the first element off, and writes what is left, while other writers are kept out. The outer `None`: it is
    /// another array by now; nothing has happened.
    fn take_by_reading(&self, turn: &Turn) -> Result<Option<Option<Kept>>, Thrown> {
        let Self { this, name, .. } = *self;
        let mut value = Local::new();
        let mut observed = property::observe(this, name, value.slot())?;
        if count(this, name, &value)? == 0 {
            return Ok(Some(None));
        }
        let key = value.array().and_then(|array| match array.entries().next()?.0 {
            Key::String(key) => Some(Str::of(key)),
            Key::Int(_) => None,
        });
        let (first, rest) = split_first(&value);
        let (element, left) = (Encoded::of(this, name, &first)?, Encoded::of(this, name, &rest)?);
        let mut bytes = GLOBALS.get().buffers.take();
        element.write_to(&mut bytes).map_err(|error| cannot_store(this, Some(name.bytes()), error))?;
        let whole = self.encoded_whole(&value, &bytes)?;
        let item = Item { key: key.as_ref().map(|key| key.bytes()), element: &bytes };
        if turn.standing() != Standing::Kept {
            return Ok(None);
        }
        let (lifetime, version) = (observed.lifetime(), &mut observed.version);
        let token = retry_importing(this, |store| store.take_read(name.bytes(), item, left.parts(), version))?;
        let Some(token) = token else { return Ok(None) };
        let whole = match whole {
            None => None,
            // (While others are kept out: it is what has just been stored.)
            Some(bytes) => {
                let Ok(rest) = property::peek(this, name.bytes()) else {
                    this.instance()?.store.give_back(token);
                    return Err(Thrown);
                };
                Some(Whole { bytes, lifetime, rest, process: std::process::id() })
            }
        };
        Ok(Some(Some(Kept { token, element: Element::Decoded(first), whole })))
    }

    /// The bytes of an array whose first element, of which these are the bytes, may share objects or references with the others.
    fn encoded_whole(&self, value: &Value, element: &[u8]) -> Result<Option<Buffer>, Thrown> {
        let Self { this, name, .. } = *self;
        let first = value.array().and_then(|array| array.entries().next()).map(|(_, first)| first.kind());
        if first != Some(zend::REFERENCE) && is_plain(element) {
            return Ok(None);
        }
        let mut bytes = GLOBALS.get().buffers.take();
        let whole = Encoded::of(this, name, value)?;
        whole.write_to(&mut bytes).map_err(|error| cannot_store(this, Some(name.bytes()), error))?;
        Ok(Some(bytes))
    }

    /// As [`consume_once`](Self::consume_once), by the methods that the object's class overrides: what these make of an element is
    /// known to them alone, so that it stays in the array until the function is through, and others cannot write meanwhile.
    fn consume_by_methods(&self) -> Result<Option<()>, Thrown> {
        let Self { this, name, callback, .. } = *self;
        if this.taken.get() > 0 {
            return Err(throw_sync(
                "consume() can't be called within another consume() of an object whose class overrides get() or set().",
            ));
        }
        exclusive(this, |turn| {
            let mut value = Local::new();
            accessors::get(this, name, value.slot())?;
            if count(this, name, &value)? == 0 {
                return Ok(None);
            }
            let (first, _) = split_first(&value);
            // (Encoded, as the function may change an object that it gets.)
            let element = Encoded::of(this, name, &first)?;
            drop(value);
            while_taken(this, || callback.call(&[Local::copy_of(&first)]))?;
            if turn.standing() == Standing::Forked {
                // (The element is the parent's.)
                return Ok(Some(()));
            }
            // The function may have changed the array itself.
            let mut value = Local::new();
            let observed = accessors::get(this, name, value.slot())?;
            if value.array().is_some_and(|array| array.len() > 0) {
                let (newest, rest) = split_first(&value);
                if Encoded::of(this, name, &newest)?.is_same_as(&element) {
                    accessors::put_changed(this, name, &rest, observed)?;
                }
            }
            Ok(Some(()))
        })
    }
}

#[cold]
fn has_gone_back(this: &SyncObject, name: &Str) -> Thrown {
    let address = this.constructed().map(|instance| instance.store.display_address()).unwrap_or_default();
    throw_sync(&format!(
        "Can't finish consume() of property '{}' in '{address}': the connection to the server ended while its function ran, which counts as the end of this program, so that the element has gone back for anybody to take. Let what the function does be harmless when it is done twice.",
        String::from_utf8_lossy(name.bytes())
    ))
}
