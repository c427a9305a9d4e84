//! The edges that a stranger comes to: the ends of numbers and names, limits, and places that cannot be read or written.

mod common;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use common::{Place, Scratch, fails, text};

#[test]
fn numbers_are_what_php_makes_of_them() {
    let file = Scratch::new();
    for (json, back) in [
        ("-0", "0"),
        ("[-0,-0.0,-0e1,\"-0\",-1]", "[0,-0.0,-0.0,\"-0\",-1]"),
        ("{\"-0\":-0}", "{\"-0\":0}"),
        ("1e-400", "0.0"),
    ] {
        file.fine("set", &["x", json]);
        assert_eq!(file.fine("get", &["x"]), format!("{back}\n"));
        file.fine_with("import", &[], format!("{{\"x\": {json}}}").as_bytes());
        assert_eq!(file.fine("get", &["x"]), format!("{back}\n"));
    }
    fails(&file.run("set", &["x", "1e400"]), 2, "a number is beyond what a float can hold");
    let output = file.run_with("import", &[], b"{\"a\": 1,\n\"the name\": [1e400]}");
    fails(&output, 2, "a number is beyond what a float can hold at line 2 column 18, in the value of 'the name'");
}

#[test]
fn commands_that_change_a_damaged_file_tell_of_that_by_their_status() {
    let (file, copy) = (Scratch::new(), Scratch::new());
    for n in 0..2_000 {
        file.put(format!("name {n}").as_bytes(), b"\xa7a value");
    }
    let image = std::fs::read(&file.0).unwrap();
    for (command, arguments, input) in [
        ("rm", &["--force", "x"][..], ""),
        ("import", &[], "{\"x\":1}"),
        ("compact", &[], ""),
        ("set", &["x", "1"], ""),
    ] {
        std::fs::write(&copy.0, &image[..image.len() / 2]).unwrap();
        fails(&copy.run_with(command, arguments, input.as_bytes()), 1, "It was put right for this command");
        assert!(copy.fine("check", &[]).starts_with("sound: "), "{command}");
    }
}

#[test]
fn the_empty_name_is_shown_as_no_other_and_taken_so() {
    let file = Scratch::new();
    for name in ["", "''", "\\&", "&"] {
        file.fine("set", &[name, &format!("{name:?}")]);
    }
    let listed = file.fine("ls", &["--long"]);
    let shown: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().last()).collect();
    assert_eq!(shown, ["\\&", "''", "\\\\&", "&"]);
    for (name, shown) in ["", "''", "\\&", "&"].into_iter().zip(shown) {
        assert_eq!(file.fine("get", &["--escaped", shown]), format!("{name:?}\n"));
    }
}

#[test]
fn who_holds_the_lock_that_a_command_waits_for_is_told_once() {
    let file = Scratch::new();
    file.put(b"x", b"\x01");
    let store = file.store();
    store.lock(sync_store::Patience::default()).unwrap();
    let child = file.start("get", &["x"]);
    std::thread::sleep(std::time::Duration::from_millis(2500));
    store.unlock();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stdout)), (Some(0), "1\n".into()));
    let said = text(&output.stderr);
    let holder = format!("syncctl: process {} has held lock() for ", std::process::id());
    assert!(said.starts_with(&holder) && said.lines().count() == 1, "{said}");
}

#[test]
fn an_export_says_how_many_values_expire() {
    let file = Scratch::new();
    file.fine("set", &["a", "1", "--ttl", "1000"]);
    file.fine("set", &["b", "2", "--ttl", "1000"]);
    file.fine("set", &["c", "3"]);
    fails(&file.run("export", &[]), 0, "2 values expire, which JSON has no room for; --msgpack carries when.");
    fails(&file.run("export", &["a", "--lock"]), 0, "1 value expires, which");
    file.fine("export", &["c"]);
    file.fine("export", &["--msgpack"]);
}

#[test]
fn a_time_to_live_is_what_php_makes_of_it() {
    let file = Scratch::new();
    for (ttl, is_there, expires) in [
        ("-1", false, false),
        ("0", false, false),
        ("-inf", false, false),
        ("1e400", true, false),
        ("inf", true, false),
        ("1e9", true, true),
    ] {
        file.fine("set", &["x", "1", "--ttl", ttl]);
        assert_eq!(file.fine("ls", &[]), if is_there { "x\n" } else { "" }, "{ttl}");
        if is_there {
            let facts: serde_json::Value = serde_json::from_str(&file.fine("stat", &["x", "--json"])).unwrap();
            assert_eq!(!facts["expires"].is_null(), expires, "{ttl}");
        }
    }
    for option in ["--ttl=nan", "--ttl=-nan"] {
        fails(&file.run("set", &["x", "1", option]), 2, "a number of seconds");
    }
    fails(&file.run("watch", &["--timeout", "-1"]), 2, "--timeout takes");
    fails(&file.run("top", &["--once", "--interval", "-1"]), 2, "--interval takes");
}

#[test]
fn names_that_php_cannot_have_are_left_out_and_can_be_removed() {
    let (file, from) = (Scratch::new(), Scratch::new());
    let output = file.run_with("import", &[], b"{\"a\": 1, \"\\u0000b\": 2, \"c\\u0000\": 3}");
    fails(&output, 4, "'\\u{0}b' is left out: no name begins with a NUL");
    assert_eq!(file.fine("ls", &[]), "a\nc\\u{0}\n");
    from.put(b"\0x", b"\x01");
    let output = file.run_with("import", &["--msgpack"], &from.run("export", &["--msgpack"]).stdout);
    fails(&output, 4, "1 name is left out");
    fails(&file.run("set", &["--escaped", "\\u{0}b", "1"]), 2, "no name begins with a NUL");
    // All names that `ls` shows can be asked for, and removed.
    assert_eq!(file.fine("get", &["--escaped", "c\\u{0}"]), "3\n");
    file.fine("set", &["-e", "\\xff\\\\", "1"]);
    assert_eq!(file.fine("stat", &["-e", "--json", "\\xff\\\\"]).lines().count(), 1);
    for file in [&file, &from] {
        for name in file.fine("ls", &[]).lines() {
            file.fine("rm", &["--escaped", name]);
        }
        assert_eq!(file.fine("ls", &[]), "");
    }
    fails(&file.run("rm", &["-e", "\\q"]), 2, "shows no name as");
}

#[test]
fn values_are_read_as_deep_as_php_stores_them() {
    let (file, to) = (Scratch::new(), Scratch::new());
    let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
    file.fine_with("set", &["x", "-"], nested(4_096).as_bytes());
    assert_eq!(file.fine("get", &["x"]), nested(4_096) + "\n");
    fails(&file.run_with("set", &["y", "-"], nested(4_097).as_bytes()), 2, "too deeply");
    // Objects in objects are two levels each; and programs may raise PHP's limit.
    let mut objects = b"\xa5inner".to_vec();
    for _ in 0..4_096 {
        objects = [b"\x92\xc7\x01\x01C\x81\xa1a", &objects[..]].concat();
    }
    file.put(b"objects", &objects);
    file.put(b"deeper", &[&[0x91; 100_000][..], &[1]].concat());
    fails(&file.run("get", &["objects"]), 4, "an object of C");
    fails(&file.run("get", &["deeper"]), 4, "nested too deeply");
    fails(&file.run("export", &[]), 4, "'deeper' is left out: it is nested too deeply");
    // MessagePack carries what PHP reads, unless a program has raised its limit.
    let exported = file.run("export", &["--msgpack"]);
    assert_eq!(exported.status.code(), Some(0));
    file.fine("rm", &["deeper"]);
    let rest = file.run("export", &["--msgpack"]);
    for options in [&["--msgpack"][..], &["--msgpack", "--replace"]] {
        fails(
            &to.run_with("import", options, &exported.stdout),
            4,
            "'deeper' is left out: it is nested in more than 4096",
        );
        assert_eq!(to.run("export", &["--msgpack"]).stdout, rest.stdout);
    }
}

#[test]
fn what_is_no_file_is_told_of_in_one_way_by_all_commands() {
    let (fifo, link, socket) = (Scratch::new(), Scratch::new(), Scratch::new());
    rustix::fs::mkfifoat(rustix::fs::CWD, &fifo.0, rustix::fs::Mode::RWXU).unwrap();
    std::os::unix::fs::symlink(&fifo.0, &link.0).unwrap();
    let _listener = std::os::unix::net::UnixListener::bind(&socket.0).unwrap();
    let (folder, device) = (Scratch(PathBuf::from("/dev/shm")), Scratch(PathBuf::from("/dev/null")));
    for (file, what) in
        [(&folder, "a directory"), (&fifo, "a FIFO"), (&link, "a FIFO"), (&socket, "a socket"), (&device, "a device")]
    {
        for command in [
            "ls",
            "ls --long",
            "get x",
            "set x 1",
            "rm x",
            "stat",
            "stat x",
            "watch",
            "watch x",
            "check",
            "export",
            "export --lock",
            "export --msgpack",
            "import",
            "import --replace",
            "import --msgpack",
            "compact",
            "top --once",
            "top",
        ] {
            let mut words = command.split(' ');
            let output = file.run_with(words.next().unwrap(), &words.collect::<Vec<_>>(), b"{}");
            let said = format!("syncctl: Can't open '{}': it is {what}, no file.\n", file.0.display());
            assert_eq!((output.status.code(), text(&output.stderr)), (Some(3), said), "{command}");
        }
    }
    // (Their drop removes nothing.)
    std::mem::forget((folder, device));
}

#[test]
fn the_way_to_a_file_that_is_closed_is_named() {
    let (folder, user) = (Scratch::new(), 65_534);
    std::fs::create_dir(&folder.0).unwrap();
    let inside = Scratch(folder.0.join("file.sync"));
    inside.put(b"x", b"\x01");
    let mode = |mode| std::fs::set_permissions(&folder.0, std::os::unix::fs::PermissionsExt::from_mode(mode)).unwrap();
    mode(0o700);
    // The sources, and the command with them, may be where no other user comes to: in root's home, say. (/dev/shm may allow no programs.)
    let program = Scratch(std::env::temp_dir().join(format!("syncctl-of-all-{}", std::process::id())));
    // By another process: one that a test beside this one starts would have the copy open for writing, and nobody could run it.
    let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_syncctl")).arg(&program.0).status();
    assert!(copied.unwrap().success());
    if rustix::process::geteuid().is_root() {
        for command in ["ls", "get x", "set x 1", "rm x", "stat", "watch", "check", "export", "compact", "top --once"] {
            let mut words = command.split(' ');
            let mut it = Command::new(&program.0);
            it.arg(words.next().unwrap()).arg(&inside.0).args(words);
            let output = std::os::unix::process::CommandExt::uid(&mut it, user).output().unwrap();
            fails(&output, 3, &format!("The directory '{}' belongs to root:root with mode 0700", folder.0.display()));
        }
    }
    drop(inside);
    std::fs::remove_dir(&folder.0).unwrap();
}

#[test]
fn a_limit_that_is_too_low_is_told_of() {
    let file = Scratch::new();
    file.put(b"x", b"\x01");
    let limited = |limit: u32, command: &str| {
        Command::new("sh")
            .args(["-c", &format!("ulimit -v {limit}; exec \"$0\" {command} \"$1\""), env!("CARGO_BIN_EXE_syncctl")])
            .arg(&file.0)
            .output()
            .unwrap()
    };
    let mut refused = 0;
    for limit in (20_000..=200_000).step_by(10_000) {
        let output = limited(limit, "ls");
        match output.status.code() {
            Some(0) => {}
            _ => {
                refused += 1;
                assert!(!output.stderr.is_empty(), "{limit}: {}", output.status);
            }
        }
    }
    fails(&limited(60_000, "ls"), 3, "ulimit -v");
    // Commands that take memory by and by: wherever that ends, they tell of it, and the file is sound.
    let (input, stream) = (Scratch::new(), Scratch::new());
    let members: Vec<_> = (0..2_000).map(|n| format!("\"name {n}\": \"{}\"", "x".repeat(1_000))).collect();
    std::fs::write(&input.0, format!("{{{}, \"long\": \"{}\"}}", members.join(","), "x".repeat(3 << 20))).unwrap();
    file.fine_with("import", &[], &std::fs::read(&input.0).unwrap());
    std::fs::write(&stream.0, file.run("export", &["--msgpack"]).stdout).unwrap();
    let (mut statuses, to) = ([0; 2], Scratch::new());
    for limit in (70_000..=150_000).step_by(20_000) {
        for (input, command) in [
            (&input, "import FILE"),
            (&input, "import --replace FILE"),
            (&stream, "import --msgpack FILE"),
            (&stream, "import --msgpack --replace FILE"),
            (&input, "export FILE"),
            (&input, "export --msgpack FILE"),
            (&input, "get --raw FILE long"),
            (&input, "set --string FILE x -"),
        ] {
            let target = if command.starts_with("import") { &to } else { &file };
            let output = target
                .shell(&format!("ulimit -v {limit}; exec syncctl {command}"))
                .stdin(std::fs::File::open(&input.0).unwrap())
                .stdout(Stdio::null())
                .output()
                .unwrap();
            let said = text(&output.stderr);
            match output.status.code() {
                Some(0) => statuses[0] += 1,
                _ => {
                    fails(&output, 3, "syncctl: ");
                    assert!(said.lines().count() == 1 && !said.contains("panicked"), "{limit} {command}: {said}");
                    statuses[1] += 1;
                }
            }
        }
    }
    assert!(statuses.iter().all(|&count| count > 3), "{statuses:?}");
    to.fine("check", &[]);
    assert!(refused > 0);
    assert_eq!(limited(200_000, "export").status.code(), Some(0));
}

#[test]
fn an_input_that_cannot_be_kept_changes_nothing() {
    let file = Scratch::new();
    file.fine("set", &["old", "1"]);
    let long = format!("{{\"x\": \"{}\"}}", "x".repeat(20 << 20));
    let mut child = file
        .command("import", &["--replace"])
        .env("TMPDIR", "/dev/shm/syncctl-test-no-such-folder")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, long.as_bytes())));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    fails(&output, 3, "Can't keep the input in '/dev/shm/syncctl-test-no-such-folder': No such file or directory");
    assert_eq!(file.fine("ls", &[]), "old\n");
}

#[test]
fn a_limit_of_the_length_of_files_is_told_of() {
    let (file, out) = (Scratch::new(), Scratch::new());
    file.fine("set", &["old", "1"]);
    let long = format!("{{\"x\": \"{}\"}}", "x".repeat(20 << 20));
    let limited = |command: &str| {
        let mut it = file.shell(&format!("ulimit -f 16; exec syncctl {command}"));
        it.env("TMPDIR", "/dev/shm").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        it
    };
    // A temporary file; the store's.
    for (command, words) in [
        ("import --replace FILE", "Can't keep the input in '/dev/shm': File too large. Raise the limit (ulimit -f)"),
        ("import FILE", "it would become longer than files may be"),
        ("set --string FILE x -", "it would become longer than files may be"),
    ] {
        let mut child = limited(command).spawn().unwrap();
        let (mut stdin, input) = (child.stdin.take().unwrap(), long.clone());
        let writer = std::thread::spawn(move || drop(std::io::Write::write_all(&mut stdin, input.as_bytes())));
        let output = child.wait_with_output().unwrap();
        writer.join().unwrap();
        fails(&output, 3, words);
        assert_eq!(file.fine("ls", &[]), "old\n");
    }
    // Standard output.
    file.fine_with("set", &["x", "-"], format!("\"{}\"", "x".repeat(100_000)).as_bytes());
    for command in ["export FILE", "export --msgpack FILE"] {
        let output = limited(command).stdout(std::fs::File::create(&out.0).unwrap()).output().unwrap();
        fails(&output, 3, "Can't write to standard output: File too large.");
    }
}

#[test]
fn a_stream_that_is_closed_is_told_of() {
    let file = Scratch::new();
    file.put(b"x", b"\x01");
    let run = |script: String| file.shell(&script).stdin(Stdio::null()).output().unwrap();
    for command in [
        "ls FILE",
        "ls --long FILE",
        "ls --null FILE",
        "get FILE x",
        "stat FILE",
        "stat --json FILE",
        "stat FILE x",
        "check FILE",
        "export FILE",
        "export --msgpack FILE",
        "compact FILE",
        "top --once FILE",
        "watch --timeout 0.1 FILE",
        "watch FILE x",
        "completion bash",
        "--help",
        "--version",
        "ls --help",
    ] {
        fails(&run(format!("syncctl {command} >&-")), 3, "Can't write to standard output: Bad file descriptor.");
        // Open, but only to be read.
        fails(
            &run(format!("syncctl {command} 1</dev/null")),
            3,
            "Can't write to standard output: Bad file descriptor.",
        );
        if !command.starts_with("watch") {
            fails(
                &run(format!("syncctl {command} >/dev/full")),
                3,
                "Can't write to standard output: No space left on device.",
            );
        }
        // Nobody is told; the status tells.
        assert_eq!(run(format!("syncctl {command} <&- >&- 2>&-")).status.code(), Some(3), "{command}");
    }
    for command in
        ["import FILE", "import --replace FILE", "import --msgpack FILE", "set FILE y -", "set --string FILE y -"]
    {
        fails(&run(format!("syncctl {command} <&-")), 3, "Can't read standard input: Bad file descriptor.");
    }
    // Those that say nothing need none of them; and no file of theirs is taken for one.
    for command in ["set FILE x 2", "rm --force FILE z", "set FILE x 3"] {
        assert_eq!(run(format!("syncctl {command} <&- >&- 2>&-")).status.code(), Some(0), "{command}");
    }
    assert_eq!(file.fine("get", &["x"]), "3\n");
    assert!(file.fine("check", &[]).starts_with("sound: 1 name,"));
}

#[test]
fn a_stream_that_nobody_takes_is_no_panic() {
    let file = Scratch::new();
    file.put(b"x", b"\x01");
    let full = || std::fs::File::options().write(true).open("/dev/full").unwrap();
    for (command, arguments, status) in
        [("get", &["missing"][..], 1), ("rm", &["missing"], 1), ("stat", &["missing"], 1)]
    {
        let output = file.command(command, arguments).stderr(full()).output().unwrap();
        assert_eq!(output.status.code(), Some(status), "{command}");
    }
    file.put(b"bytes", b"\xc4\x01\xff");
    assert_eq!(file.command("export", &[]).stderr(full()).output().unwrap().status.code(), Some(4));
    for (command, arguments) in [
        ("ls", &[][..]),
        ("get", &["x"]),
        ("stat", &[]),
        ("check", &[]),
        ("export", &["--msgpack"]),
        ("compact", &[]),
        ("top", &["--once"]),
        ("watch", &["x", "--timeout", "0.1"]),
    ] {
        let output = file.command(command, arguments).stdout(full()).output().unwrap();
        if command == "watch" {
            assert_eq!(output.status.code(), Some(1));
        } else {
            fails(&output, 3, "Can't write to standard output: No space left on device.");
        }
    }
    let folder = || std::fs::File::open("/dev/shm").unwrap();
    for (command, arguments) in
        [("import", &[][..]), ("import", &["--msgpack"]), ("import", &["--replace"]), ("set", &["x", "-"])]
    {
        let output = file.command(command, arguments).stdin(folder()).output().unwrap();
        assert_eq!(output.status.code(), Some(3), "{command} {arguments:?}: {}", text(&output.stderr));
    }
}

#[test]
fn a_file_that_is_not_sound_is_told_of_by_all_that_read_it() {
    let (file, copy) = (Scratch::new(), Scratch::new());
    for n in 0..2_000 {
        file.put(format!("name {n}").as_bytes(), &[&b"\xac"[..], format!("a value,{n:4}").as_bytes()].concat());
    }
    let image = std::fs::read(&file.0).unwrap();
    let middle = image.windows(12).position(|window| window == b"a value,1500").unwrap();
    let mut flipped = image.clone();
    flipped[middle] ^= 1;
    let commands = ["ls", "ls --long", "get|name 1", "stat", "stat|name 1", "export", "export --msgpack", "top --once"];
    for damaged in [&image[..200_000.min(image.len() / 2)], &flipped] {
        std::fs::write(&copy.0, damaged).unwrap();
        for command in commands {
            let mut words = command.split(['|', ' '].as_slice());
            let mut words: Vec<&str> = match command.split_once('|') {
                Some((command, name)) => vec![command, name],
                None => words.by_ref().collect(),
            };
            let output = copy.run(words.remove(0), &words);
            fails(&output, 1, "`syncctl check` says more");
            assert!(!output.stdout.is_empty(), "{command} shows nothing of what is left");
        }
        assert_eq!(copy.run("check", &[]).status.code(), Some(1));
        assert!(std::fs::read(&copy.0).unwrap() == damaged);
        // A command that writes to it puts it right, and says so.
        let output = copy.run("set", &["x", "1"]);
        fails(&output, 1, "It was put right for this command, with what is left.");
        assert!(text(&output.stderr).contains("Sync file '"), "{}", text(&output.stderr));
        assert_eq!(copy.fine("get", &["x"]), "1\n");
        assert_eq!(copy.fine("get", &["x"]), "1\n");
    }
    // A file in use, of which a record is overwritten: those that come by it say so.
    file.fine("set", &["x", "1"]);
    let overwrite = std::fs::File::options().write(true).open(&file.0).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&overwrite, &[0xc1; 30], middle as u64 - 40).unwrap();
    for command in ["ls", "export", "export --msgpack", "top --once", "check"] {
        let mut words = command.split(' ');
        let output = file.run(words.next().unwrap(), &words.collect::<Vec<_>>());
        assert_eq!(output.status.code(), Some(1), "{command}: {}", text(&output.stderr));
    }
    // A value that makes no sense.
    let file = Scratch::new();
    file.put(b"damaged", b"\xc1");
    file.put(b"x", b"\x01");
    let output = file.run("export", &[]);
    fails(&output, 1, "1 value is damaged: the file is not sound.");
    assert_eq!(text(&output.stdout), "{\n\"x\":1\n}\n");
    fails(&file.run("get", &["damaged"]), 1, "it is damaged");
}

#[test]
fn a_lock_does_not_accept_a_loss_by_the_way() {
    let file = Scratch::new();
    for n in 0..200 {
        file.put(format!("name {n}").as_bytes(), &rmp_serde::to_vec(&"x".repeat(1000)).unwrap());
    }
    // A copy that was broken off.
    let before = std::fs::read(&file.0).unwrap()[..100_000].to_vec();
    std::fs::remove_file(&file.0).unwrap();
    std::fs::write(&file.0, &before).unwrap();
    fails(&file.run("export", &["--lock"]), 1, "It is left as it is: without --lock, what is left is read.");
    assert!(std::fs::read(&file.0).unwrap() == before);
    assert_eq!(file.run("check", &[]).status.code(), Some(1));
}

#[test]
fn a_value_may_come_on_standard_input() {
    let file = Scratch::new();
    file.fine_with("set", &["json", "-"], b"[1]\n");
    file.fine_with("set", &["bytes", "-", "--string"], b"\xff as it is\n");
    file.fine("set", &["dash", "\"-\""]);
    assert_eq!(file.run("get", &["bytes", "--raw"]).stdout, b"\xff as it is\n");
    assert_eq!((file.fine("get", &["json"]), file.fine("get", &["dash"])), ("[1]\n".into(), "\"-\"\n".into()));
}

#[test]
fn a_replacement_that_found_no_room_says_what_is_left() {
    let file = Scratch::new();
    file.put(b"old", b"\x01");
    let members: Vec<String> = (0..100).map(|n| format!("\"name {n}\": \"{}\"", "x".repeat(100_000))).collect();
    let input = format!("{{{}}}", members.join(","));
    // A limit of the file's length stands for a full file system. (A shell ignores its signal: it would kill.)
    let command = format!(
        "trap '' XFSZ; ulimit -f 4096; exec {} import --replace {}",
        env!("CARGO_BIN_EXE_syncctl"),
        file.0.display()
    );
    let mut child =
        Command::new("bash").args(["-c", &command]).stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    fails(&output, 3, "stored, in place of all that was there.");
    assert!(!text(&output.stderr).contains("Nothing was changed"), "{}", text(&output.stderr));
}
