//! `top`: a store, live.

mod run;
mod sample;
mod view;

pub use run::top;
