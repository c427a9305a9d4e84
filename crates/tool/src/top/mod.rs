//! `top`: a store, live.

mod bounded;
mod run;
mod sample;
mod view;

pub use run::top;
