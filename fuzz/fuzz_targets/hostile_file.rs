//! Arbitrary bytes as a store's file: see `hostile.rs`.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run hostile_file -- -max_len=512 -timeout=10 -malloc_limit_mb=256`

#![no_main]

#[path = "../hostile.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostile::run(data));
