//! SIGBUS: whichever other code handles the signal, a file that is cut short kills no process and blocks none, and
//! faults of other mappings go to the handler that they would have reached without the store.

use std::os::unix::process::ExitStatusExt;
use std::ptr;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use sync_store::testing::{TemporaryPath, assert_sound, in_child};
use sync_store::{ErrorKind, Found, Patience, Store, Version};

#[track_caller]
fn assert_survives(name: &str, case: impl FnOnce()) {
    let status = in_child(case);
    assert!(status.success(), "{name}: {status}");
}

#[track_caller]
fn assert_dies_of_it(name: &str, case: impl FnOnce()) {
    let status = in_child(case);
    assert_eq!(status.signal(), Some(libc::SIGBUS), "{name}: {status}");
}

/// Installs a handler, or `SIG_DFL` or `SIG_IGN`.
fn take(handler: usize, flags: i32) -> libc::sigaction {
    // SAFETY: valid actions: callers pass handlers with the signature that the flags tell.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        let mut before: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = handler;
        action.sa_flags = flags;
        libc::sigemptyset(&mut action.sa_mask);
        assert_eq!(libc::sigaction(libc::SIGBUS, &action, &mut before), 0);
        before
    }
}

/// Blocks a signal, or no longer.
fn block(signal: i32, how: i32) {
    // SAFETY: a valid set.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&mut set);
        libc::sigaddset(&mut set, signal);
        libc::pthread_sigmask(how, &set, ptr::null_mut());
    }
}

/// Like PHP's handler: notes the signal, and returns.
extern "C" fn notes(_: i32) {
    NOTED.fetch_add(1, Ordering::Relaxed);
}
static NOTED: AtomicU32 = AtomicU32::new(0);

extern "C" fn passes_back(signal: i32, info: *mut libc::siginfo_t, context: *mut libc::c_void) {
    NOTED.fetch_add(1, Ordering::Relaxed);
    // SAFETY: the action that `take` replaced, with the arguments that it expects.
    unsafe {
        let before: extern "C" fn(i32, *mut libc::siginfo_t, *mut libc::c_void) =
            std::mem::transmute(BEFORE.load(Ordering::Relaxed));
        before(signal, info, context);
    }
}
static BEFORE: AtomicUsize = AtomicUsize::new(0);

extern "C" fn says_goodbye(_: i32, info: *mut libc::siginfo_t, _: *mut libc::c_void) {
    // SAFETY: the kernel's; `_exit` may be called anywhere.
    unsafe { libc::_exit(if (*info).si_addr() as usize == FOREIGN.load(Ordering::Relaxed) { 42 } else { 43 }) };
}
static FOREIGN: AtomicUsize = AtomicUsize::new(0);

/// Touches a mapping that is not the store's and has no file behind it.
fn foreign_fault() {
    // SAFETY: a mapping of its own. The access faults.
    unsafe {
        let fd = libc::memfd_create(c"foreign".as_ptr(), 0);
        let page = libc::mmap(ptr::null_mut(), 4096, libc::PROT_READ, libc::MAP_SHARED, fd, 0);
        FOREIGN.store(page as usize, Ordering::Relaxed);
        page.cast::<u8>().read_volatile();
    }
}

/// A store with some content, and the version of one of its keys that was read.
fn filled(file: &TemporaryPath) -> (Store, Version) {
    let (store, mut seen) = (file.store(), Version::default());
    for n in 0..100u8 {
        store.put(&[n], &[n; 5000], &mut Version::default()).unwrap();
    }
    store.get(&[5], &mut seen, &mut Vec::new()).unwrap();
    (store, seen)
}

/// Reads from and writes to a store after it was cut short.
fn use_it(store: &Store, mut seen: Version, length: u64) {
    let mut out = Vec::new();
    store.is_current(&seen);
    let read = store.get(&[5], &mut seen, &mut out);
    let write = store.put(&[5], b"new", &mut Version::default());
    if length == 0 {
        assert_eq!(read.unwrap(), Found::Missing);
        write.unwrap();
    } else {
        assert!(matches!(write.unwrap_err().kind, ErrorKind::NotAStore(_)), "{read:?}");
    }
}

type Takes = fn();

/// Ways to lose the signal.
const TAKES: [(&str, Takes); 5] = [
    ("a handler that returns", || {
        take(notes as *const () as usize, 0);
    }),
    ("a handler that ends the process", || {
        take(says_goodbye as *const () as usize, libc::SA_SIGINFO);
    }),
    ("the default", || {
        take(libc::SIG_DFL, 0);
    }),
    ("ignored", || {
        take(libc::SIG_IGN, 0);
    }),
    ("blocked", || block(libc::SIGBUS, libc::SIG_BLOCK)),
];

#[test]
fn a_handler_that_nobody_has_reported_is_noticed_within_a_period() {
    let cases = TAKES.into_iter().flat_map(|take| [0, 5000, 70_000].map(|length| (take, length)));
    // At the same time, as each waits.
    std::thread::scope(|scope| {
        for ((name, take), length) in cases {
            scope.spawn(move || {
                let file = TemporaryPath::new();
                assert_survives(name, || {
                    let (store, seen) = filled(&file);
                    take();
                    // Longer than a period, which is 100 ms.
                    std::thread::sleep(std::time::Duration::from_millis(150));
                    // (The check of a cached value reads one word of the header, which the other lengths keep.)
                    if length == 0 {
                        store.len().unwrap();
                    }
                    file.cut(length);
                    use_it(&store, seen, length);
                });
            });
        }
    });
}

/// The look at the path tells that the file is shorter, before anything of it is touched.
#[test]
fn a_handler_that_nobody_has_reported_is_noticed_with_the_cut_a_tick_later() {
    for (name, take) in TAKES {
        for length in [0, 5000, 70_000] {
            let file = TemporaryPath::new();
            assert_survives(name, || {
                let (store, seen) = filled(&file);
                take();
                file.cut(length);
                // A tick, which is 10 ms at most: the period has hardly begun.
                std::thread::sleep(std::time::Duration::from_millis(20));
                let _ = store.len();
                use_it(&store, seen, length);
            });
        }
    }
}

#[test]
fn a_handler_reported_by_signals_have_changed_is_noticed_at_once() {
    for (name, take) in TAKES {
        for length in [0, 5000, 70_000] {
            let file = TemporaryPath::new();
            assert_survives(name, || {
                let (store, seen) = filled(&file);
                let held = file.store();
                held.lock(Patience::default()).unwrap();
                file.cut(length);
                take();
                Store::signals_have_changed();
                if length % 2 == 0 {
                    held.unlock();
                } else {
                    drop(held);
                }
                take();
                Store::signals_have_changed();
                use_it(&store, seen, length);
                take();
                Store::signals_have_changed();
                drop(store);
                sync_store::close_idle();
            });
        }
    }
}

#[test]
fn an_earlier_handler_still_gets_faults_outside_of_the_store() {
    for after in [false, true] {
        let file = TemporaryPath::new();
        let status = in_child(|| {
            if !after {
                take(says_goodbye as *const () as usize, libc::SA_SIGINFO);
            }
            let (store, seen) = filled(&file);
            if after {
                take(says_goodbye as *const () as usize, libc::SA_SIGINFO);
                Store::signals_have_changed();
            }
            file.cut(5000);
            use_it(&store, seen, 5000);
            foreign_fault();
        });
        assert_eq!(status.code(), Some(42), "{after}: {status}");
    }
}

#[test]
fn a_handler_that_passes_unknown_faults_back_is_called_once() {
    let file = TemporaryPath::new();
    assert_dies_of_it("back to nobody", || {
        let (store, seen) = filled(&file);
        BEFORE.store(take(passes_back as *const () as usize, libc::SA_SIGINFO).sa_sigaction, Ordering::Relaxed);
        file.cut(5000);
        Store::signals_have_changed();
        use_it(&store, seen, 5000);
        foreign_fault();
    });
    // With a handler that was installed before both.
    let file = TemporaryPath::new();
    let status = in_child(|| {
        take(says_goodbye as *const () as usize, libc::SA_SIGINFO);
        let (store, _) = filled(&file);
        BEFORE.store(take(passes_back as *const () as usize, libc::SA_SIGINFO).sa_sigaction, Ordering::Relaxed);
        Store::signals_have_changed();
        store.len().unwrap();
        foreign_fault();
    });
    assert_eq!(status.code(), Some(42), "{status}");
}

#[test]
fn a_fault_that_no_handler_resolves_ends_the_process_instead_of_repeating() {
    for (name, take) in TAKES {
        if name == "a handler that ends the process" {
            continue;
        }
        let file = TemporaryPath::new();
        assert_dies_of_it(name, || {
            let (store, _) = filled(&file);
            take();
            Store::signals_have_changed();
            store.len().unwrap();
            foreign_fault();
        });
    }
    let file = TemporaryPath::new();
    assert_dies_of_it("a handler for once", || {
        take(notes as *const () as usize, libc::SA_RESETHAND);
        let (_store, _) = filled(&file);
        foreign_fault();
    });
}

#[test]
fn a_signal_sent_by_a_process_has_its_usual_effect() {
    let send = || {
        // SAFETY: sends a signal to this thread.
        unsafe { libc::raise(libc::SIGBUS) };
    };
    let file = TemporaryPath::new();
    assert_dies_of_it("to nobody", || {
        // (Rust's own handler swallows one.)
        take(libc::SIG_DFL, 0);
        filled(&file);
        send();
    });
    assert_survives("ignored", || {
        take(libc::SIG_IGN, 0);
        filled(&file);
        send();
    });
    assert_survives("handled", || {
        filled(&file);
        take(notes as *const () as usize, 0);
        Store::signals_have_changed();
        filled(&file);
        send();
        assert_eq!(NOTED.load(Ordering::Relaxed), 1);
        take(libc::SIG_DFL, 0);
        take(notes as *const () as usize, 0);
        Store::signals_have_changed();
        filled(&file);
        send();
        send();
        assert_eq!(NOTED.load(Ordering::Relaxed), 3);
    });
    assert_survives("blocked, and waiting", || {
        let (store, _) = filled(&file);
        block(libc::SIGBUS, libc::SIG_BLOCK);
        send();
        Store::signals_have_changed();
        store.len().unwrap();
        take(notes as *const () as usize, 0);
        block(libc::SIGBUS, libc::SIG_UNBLOCK);
        assert_eq!(NOTED.load(Ordering::Relaxed), 1);
    });
}

/// A handler may leave by a jump, any number of times, from any depth.
#[test]
fn a_handler_that_jumps_is_called_each_time() {
    unsafe extern "C" {
        #[link_name = "__sigsetjmp"]
        fn sigsetjmp(buffer: *mut [u64; 64], mask: i32) -> i32;
        fn siglongjmp(buffer: *mut [u64; 64], value: i32) -> !;
    }
    static mut PLACE: [u64; 64] = [0; 64];
    extern "C" fn jumps(_: i32) {
        NOTED.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the frame that called `sigsetjmp` waits for the fault.
        unsafe { siglongjmp(&raw mut PLACE, 1) }
    }
    #[inline(never)]
    fn deep(depth: u32) -> u32 {
        let room = [depth as u8; 3000];
        if depth > 0 {
            return deep(depth - 1) + u32::from(std::hint::black_box(&room)[7]);
        }
        // SAFETY: no value that has to be dropped is live between here and the jump.
        unsafe {
            if sigsetjmp(&raw mut PLACE, 1) == 0 {
                foreign_fault();
            }
        }
        0
    }
    let file = TemporaryPath::new();
    assert_survives("jumps", || {
        let (store, seen) = filled(&file);
        take(jumps as *const () as usize, 0);
        Store::signals_have_changed();
        store.len().unwrap();
        for depth in [0, 20, 5, 40, 3, 40, 41] {
            deep(depth);
        }
        assert_eq!(NOTED.load(Ordering::Relaxed), 7);
        file.cut(5000);
        use_it(&store, seen, 5000);
        assert_eq!(NOTED.load(Ordering::Relaxed), 7);
    });
}

#[test]
fn other_threads_have_masks_of_their_own_and_stacks_for_signals() {
    let file = TemporaryPath::new();
    assert_survives("threads", || {
        let (store, seen) = filled(&file);
        let in_a_thread = || {
            block(libc::SIGBUS, libc::SIG_BLOCK);
            // SAFETY: a stack for signals, for as long as the thread lives.
            unsafe {
                let stack = libc::stack_t { ss_sp: libc::malloc(1 << 16), ss_flags: 0, ss_size: 1 << 16 };
                libc::sigaltstack(&stack, ptr::null_mut());
            }
            let (store, mut seen) = (file.store(), Version::default());
            store.get(&[5], &mut seen, &mut Vec::new()).unwrap();
            file.cut(5000);
            use_it(&store, seen, 5000);
        };
        std::thread::scope(|scope| scope.spawn(in_a_thread).join()).unwrap();
        use_it(&store, seen, 5000);
    });
}

// ---- the limit on the size of files ----------------------------------------------------------------

fn limit_file_size(bytes: u64) {
    // SAFETY: a valid limit.
    unsafe {
        let limit = libc::rlimit { rlim_cur: bytes, rlim_max: libc::RLIM_INFINITY };
        assert_eq!(libc::setrlimit(libc::RLIMIT_FSIZE, &limit), 0);
    }
}

fn is_pending(signal: i32) -> bool {
    // SAFETY: a valid set.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::sigpending(&mut set);
        libc::sigismember(&set, signal) == 1
    }
}

fn is_blocked(signal: i32) -> bool {
    // SAFETY: a valid set.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        libc::pthread_sigmask(libc::SIG_BLOCK, ptr::null(), &mut set);
        libc::sigismember(&set, signal) == 1
    }
}

/// Fills a store until there is no more space; returns the number of keys then.
fn fill(store: &Store) -> u64 {
    for n in 0..1000u32 {
        match store.put(&n.to_le_bytes(), &[7; 10_000], &mut Version::default()) {
            Ok(()) => {}
            Err(error) => {
                assert!(matches!(error.kind, ErrorKind::SizeLimit), "{error}");
                assert!(error.to_string().contains("ulimit -f"), "{error}");
                return u64::from(n);
            }
        }
    }
    panic!("there is no limit");
}

#[test]
fn a_file_that_may_not_grow_is_an_error_and_no_signal() {
    let file = TemporaryPath::new();
    assert_survives("not even the header", || {
        limit_file_size(1000);
        let error = file.store().put(b"x", b"1", &mut Version::default()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::SizeLimit), "{error}");
        assert_eq!(file.store().len().unwrap(), 0);
        limit_file_size(libc::RLIM_INFINITY);
        file.store().put(b"x", b"1", &mut Version::default()).unwrap();
    });
    let _ = std::fs::remove_file(&file.0);
    for blocked in [false, true] {
        assert_survives("growing", || {
            let store = file.store();
            limit_file_size(1 << 20);
            if blocked {
                block(libc::SIGXFSZ, libc::SIG_BLOCK);
            }
            let keys = fill(&store);
            assert!((50..100).contains(&keys), "{keys}");
            assert!(store.put(b"long", &vec![1; 2 << 20], &mut Version::default()).is_err());
            assert!(store.replace(&[(b"long", &vec![1; 2 << 20])]).is_err());
            assert_sound(&store);
            assert_eq!((store.len().unwrap(), is_blocked(libc::SIGXFSZ)), (keys, blocked));
            assert!(!is_pending(libc::SIGXFSZ));
            assert!(std::fs::metadata(&file.0).unwrap().len() <= 1 << 20);
            // Removing frees space.
            for n in 0..20u32 {
                assert!(store.remove(&n.to_le_bytes()).unwrap());
            }
            store.put(b"new", &[8; 10_000], &mut Version::default()).unwrap();
            store.destroy().unwrap();
        });
    }
    assert_survives("one that waits is somebody else's", || {
        block(libc::SIGXFSZ, libc::SIG_BLOCK);
        // SAFETY: sends a signal to this thread.
        unsafe { libc::raise(libc::SIGXFSZ) };
        limit_file_size(1 << 20);
        fill(&file.store());
        assert!(is_pending(libc::SIGXFSZ));
        file.store().destroy().unwrap();
    });
}

#[test]
fn a_reader_that_cannot_copy_a_file_from_another_boot_gets_an_error() {
    // SAFETY: asks.
    if unsafe { libc::getuid() } != 0 {
        return;
    }
    let file = TemporaryPath::new();
    assert_survives("a reader", || {
        filled(&file);
        // The file of the other boot is a copy, which no process has open.
        let mut bytes = std::fs::read(&file.0).unwrap();
        bytes[64..80].fill(1);
        std::fs::remove_file(&file.0).unwrap();
        std::fs::write(&file.0, bytes).unwrap();
        std::fs::set_permissions(&file.0, std::os::unix::fs::PermissionsExt::from_mode(0o644)).unwrap();
        // Else the file that was there is still taken for this one, for a tick of the clock.
        Store::paths_have_changed();
        // SAFETY: this process has one thread.
        assert_eq!(unsafe { libc::setuid(65534) }, 0);
        limit_file_size(100_000);
        let error = file.store().get(&[5], &mut Version::default(), &mut Vec::new()).unwrap_err();
        assert!(matches!(error.kind, ErrorKind::SizeLimit), "{error}");
        limit_file_size(libc::RLIM_INFINITY);
        assert_eq!(file.store().get(&[5], &mut Version::default(), &mut Vec::new()).unwrap(), Found::Value);
    });
}
