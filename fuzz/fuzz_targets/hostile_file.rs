//! Arbitrary bytes as a store's file: see `crates/hostile`.
//!
//! `RUSTC_BOOTSTRAP=1 cargo fuzz run hostile_file -- -max_len=512 -timeout=10 -malloc_limit_mb=256`

#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| sync_hostile::run(data));
