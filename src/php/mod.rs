//! The extension: all that touches the Zend engine.
//!
//! From above to below: [`module`] and [`sync`] (the class and its methods), [`lifecycle`], [`handlers`] and [`views`]
//! (what the engine calls), [`proxy`], [`change`] and [`patch`] (nested writes), [`property`] and [`whole`] (what all of
//! them do with the store), [`stored`] and [`value`] (values become bytes and bytes values), [`legacy`] and [`retry`]
//! (waiting), [`object`]. A file uses those below it.

mod accessors;
mod act;
mod address;
mod announced;
mod atomic;
mod buffers;
mod cache;
mod call;
mod change;
mod consume;
mod declare;
mod declared;
mod edit;
mod end;
mod entries;
mod errors;
mod exclusive;
mod expiring;
mod fetch;
mod globals;
mod handle;
mod handlers;
mod ini;
mod instance;
mod iterator;
mod legacy;
mod lifecycle;
mod lifetime;
mod locking;
mod merge;
mod module;
mod moment;
mod names;
mod object;
mod operate;
mod operation;
mod opline;
mod patch;
mod paths;
mod pending;
mod plain_files;
mod plain_path;
mod property;
mod provenance;
mod proxy;
mod public;
mod queue;
mod refusal;
mod remember;
mod retry;
mod rights;
mod running;
mod serialization;
mod servers;
mod settings;
mod several;
mod signals;
mod signatures;
mod stats;
mod step;
mod stored;
mod string_offset;
mod subclass;
#[deny(dead_code, reason = "a method that the stub does not have")]
mod sync;
mod taken;
mod timeout;
mod transaction;
mod until;
mod value;
mod views;
mod wait;
mod waiting;
mod walk;
mod watching;
mod whole;
mod zend;
