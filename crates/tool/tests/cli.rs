//! The command as a shell sees it: what it prints, and its exit status.

mod common;

use std::path::PathBuf;
use std::process::{Command, Stdio};

use common::{Place, Scratch, fails, text};
use sync_store::Version;

#[test]
fn a_value_is_json_on_its_way_in_and_out() {
    let file = Scratch::new();
    for json in [
        "null",
        "true",
        "-1",
        "9223372036854775807",
        "1.0",
        "-0.0",
        "0.1",
        "0.0009233859558232995",
        "\"\"",
        "\"ü\\u0000\\n\"",
        "[]",
        "[1,[2,{\"a\":1.0}]]",
        "{\"b\":1,\"a\":2}",
        "{\"1\":\"x\",\"0\":\"y\"}",
        "{\"01\":1,\"-1\":2,\"1.5\":3}",
    ] {
        assert_eq!(file.fine("set", &["x", "--", json]), "");
        assert_eq!(file.fine("get", &["x"]), format!("{json}\n"));
    }
    // As json_decode reads them.
    for (json, back) in [
        ("{}", "[]"),
        ("{\"0\":1,\"1\":2}", "[1,2]"),
        ("18446744073709551615", "1.8446744073709552e+19"),
        ("{\"a\":1,\"a\":2}", "{\"a\":2}"),
    ] {
        file.fine("set", &["x", json]);
        assert_eq!(file.fine("get", &["x"]), format!("{back}\n"));
    }
}

#[test]
fn a_string_is_taken_and_given_as_it_is() {
    let file = Scratch::new();
    file.fine("set", &["--string", "x", "{no json"]);
    assert_eq!(file.fine("get", &["--raw", "x"]), "{no json");
    file.fine_with("set", &["x", "-"], b"[1, 2]");
    assert_eq!(file.fine("get", &["--pretty", "x"]), "[\n    1,\n    2\n]\n");
}

#[test]
fn the_status_says_why() {
    let file = Scratch::new();
    for command in ["ls", "stat", "check", "export", "compact", "rm x", "top --once"] {
        let (command, arguments) = command.split_once(' ').map_or((command, vec![]), |(it, name)| (it, vec![name]));
        let arguments = arguments.as_slice();
        fails(&file.run(command, arguments), 1, "There is no file");
    }
    fails(&file.run("get", &["x"]), 1, "There is no file");
    fails(&file.run("set", &["x", "no"]), 2, "no JSON");
    fails(&file.run("set", &["x", "1", "--ttl=x"]), 2, "--ttl");
    fails(&file.run("set", &["x", "1", "--ttl=nan"]), 2, "a number of seconds");
    assert!(!file.0.exists());
    file.fine("set", &["x", "1"]);
    fails(&file.run("get", &["y"]), 1, "There is no 'y'");
    fails(&file.run("rm", &["y", "x"]), 1, "There is no 'y'");
    assert_eq!(file.fine("ls", &[]), "");
    file.fine("rm", &["--force", "y"]);
    fails(&file.run("nonsense", &[]), 2, "unrecognized");
    std::fs::write(&file.0, b"something else altogether").unwrap();
    fails(&file.run("ls", &[]), 1, "is not a Sync store");
    let folder = Scratch(PathBuf::from("/dev/shm/syncctl-test-no-such-folder/x"));
    fails(&folder.run("set", &["x", "1"]), 3, "does not exist");
}

#[test]
fn names_are_listed_in_their_order_and_obeyed_by_no_terminal() {
    let file = Scratch::new();
    for name in ["b", "a1", "a2", "\x1b[31mred", "tab\there"] {
        file.fine("set", &[name, "1"]);
    }
    file.put(b"\xff", b"\x01");
    assert_eq!(file.fine("ls", &[]), "b\na1\na2\n\\u{1b}[31mred\ntab\\there\n\\xff\n");
    assert_eq!(file.fine("ls", &["a"]), "a1\na2\n");
    assert_eq!(file.run("ls", &["--null"]).stdout, b"b\0a1\0a2\0\x1b[31mred\0tab\there\0\xff\0");
    file.fine("set", &["b", "[1]", "--ttl", "1000"]);
    let line = file.fine("ls", &["--long", "b"]);
    let columns: Vec<_> = line.split_whitespace().collect();
    assert_eq!((columns[0], columns[1], columns[3]), ("array", "2", "b"));
    assert!(columns[2].starts_with("999.") || columns[2] == "1000.0", "{line}");
}

#[test]
fn a_value_expires() {
    let file = Scratch::new();
    file.fine("set", &["x", "1", "--ttl", "0"]);
    fails(&file.run("get", &["x"]), 1, "There is no 'x'");
}

#[test]
fn an_export_is_an_import() {
    let (from, to) = (Scratch::new(), Scratch::new());
    let members: Vec<_> =
        (0..2_500).map(|n| format!("\"name {n}\": {{\"n\": {n}, \"list\": [1.0, null, \"ü\"]}}")).collect();
    from.fine_with("import", &[], format!("{{{}}}", members.join(", ")).as_bytes());
    from.fine("set", &["long", &format!("\"{}\"", "x".repeat(100_000))]);
    let exported = from.fine("export", &[]);
    assert_eq!(exported.lines().count(), 2_501 + 2);
    to.fine("set", &["name 7", "true"]);
    to.fine("set", &["other", "true"]);
    to.fine_with("import", &[], exported.as_bytes());
    assert_eq!(to.fine("get", &["name 7"]), "{\"n\":7,\"list\":[1.0,null,\"ü\"]}\n");
    assert_eq!(to.fine("get", &["other"]), "true\n");
    to.fine_with("import", &["--replace"], exported.as_bytes());
    assert_eq!(to.fine("export", &[]), exported);
    assert_eq!(to.fine("export", &["name 249"]).lines().count(), 11 + 2);
    assert_eq!(from.fine("export", &["--lock"]), exported);
}

/// An object of the class C with the property a = 1.
const OBJECT: &[u8] = b"\x92\xc7\x01\x01C\x81\xa1a\x01";

#[test]
fn json_carries_all_that_it_can_and_tells_of_the_rest() {
    let file = Scratch::new();
    file.fine("set", &["plain", "1"]);
    file.put(b"object", OBJECT);
    file.put(b"case", b"\xc7\x03\x03E:A");
    file.put(b"bytes", b"\xc4\x01\xff");
    file.put(b"inf", b"\x91\xcb\x7f\xf0\x00\x00\x00\x00\x00\x00");
    file.put(b"\xff", b"\x01");
    file.put(b"reference", b"\x92\x01\xd4\x05\x02");
    let output = file.run("export", &[]);
    assert_eq!(text(&output.stdout), "{\n\"plain\":1\n}\n");
    fails(&output, 4, "6 names are left out");
    for words in [
        "'object' is left out: it has an object of C.",
        "'case' is left out: it has the enum case E::A.",
        "'bytes' is left out: it has bytes that are not UTF-8.",
        "'inf' is left out: it has INF at [0].",
        "'\\xff' is left out: its name is not UTF-8.",
        "'reference' is left out: it has a reference at [1].",
    ] {
        fails(&output, 4, words);
    }
    fails(&file.run("get", &["object"]), 4, "an object of C");
    let kinds = file.fine("ls", &["--long"]);
    let kinds: Vec<_> = kinds.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    assert_eq!(kinds, ["int", "C", "E::A", "string", "array", "int", "array"]);
}

#[test]
fn messagepack_carries_everything() {
    let (from, to) = (Scratch::new(), Scratch::new());
    from.put(b"object", OBJECT);
    from.put(b"\xff", b"\xc4\x01\xff");
    from.fine("set", &["expires", "1", "--ttl", "1000"]);
    // A list of objects to which another one was appended.
    let mut version = Version::default();
    let store = from.store();
    store.put(b"list", &[b"\x91", OBJECT].concat(), &mut version).unwrap();
    store.append(b"list", &[b"\x92\x91\x01", OBJECT].concat(), i64::MIN, &mut version).unwrap();
    let exported = from.run("export", &["--msgpack"]);
    assert_eq!(exported.status.code(), Some(0));
    to.fine("set", &["old", "1"]);
    to.fine_with("import", &["--msgpack", "--replace"], &exported.stdout);
    assert_eq!(to.run("export", &["--msgpack"]).stdout, exported.stdout);
    fails(&to.run_with("import", &["--msgpack"], b"\x93\x01"), 2, "not what `export --msgpack` writes");
    let end = exported.stdout.len() - 4;
    assert!(exported.stdout[..end].ends_with(b"\x82\xa5names\x04\xa6crc32c\xce"));
}

#[test]
fn a_list_that_was_appended_to_and_taken_from_is_one_list() {
    let file = Scratch::new();
    let store = file.store();
    let mut version = Version::default();
    store.put(b"x", b"\x92\x01\x02", &mut version).unwrap();
    for patch in [b"\x92\x91\x02\x03".as_slice(), b"\x91\x01", b"\x92\x91\x02\x04", b"\x92\x91\x00\x09"] {
        store.append(b"x", patch, i64::MIN, &mut version).unwrap();
    }
    assert_eq!(file.fine("get", &["x"]), "[9,3,4]\n");
    store.append(b"x", b"\x92\x91\xa1k\x91\x05", i64::MIN, &mut version).unwrap();
    store.append(b"x", b"\x92\x92\xa1k\x01\x06", i64::MIN, &mut version).unwrap();
    store.append(b"x", b"\x91\x91\x01", i64::MIN, &mut version).unwrap();
    assert_eq!(file.fine("get", &["x"]), "{\"0\":9,\"2\":4,\"k\":[5,6]}\n");
}

#[test]
fn an_item_that_was_consumed_and_went_back_is_the_first_again() {
    let file = Scratch::new();
    let store = file.store();
    let mut bytes = Vec::new();
    let mut take = |name: &[u8]| match sync_backend::Backend::take(&store, name, &mut bytes).unwrap() {
        sync_store::Taken::Item(token) => token,
        other => panic!("{other:?}"),
    };
    file.fine("set", &["jobs", "[1,2,3]"]);
    let items = [take(b"jobs"), take(b"jobs")];
    // Nothing of an item is a name, or in the list.
    assert_eq!(file.fine("ls", &[]), "jobs\n");
    assert_eq!(file.fine("get", &["jobs"]), "[3]\n");
    assert!(
        file.fine("stat", &[]).contains("consuming    an item of \"jobs\", process "),
        "{}",
        file.fine("stat", &[])
    );
    // They are not done with: a backup has them.
    assert_eq!(file.fine("export", &[]), "{\n\"jobs\":[1,2,3]\n}\n");
    assert!(file.fine("check", &[]).starts_with("sound: 1 name,"));
    for item in items.into_iter().rev() {
        store.give_back(item);
    }
    assert_eq!(file.fine("get", &["jobs"]), "[1,2,3]\n");
}

#[test]
fn patches_that_put_an_element_at_the_head_are_understood() {
    let file = Scratch::new();
    let store = file.store();
    let mut version = Version::default();
    // A list with 9 before it; then "k" => 8 before that; then "k" again, which is there; then 7.
    store.put(b"x", b"\x92\x01\x02", &mut version).unwrap();
    for (patch, json) in [
        (b"\x93\xff\xc0\x09".as_slice(), "[9,1,2]"),
        (b"\x93\xff\xa1k\x08", "{\"k\":8,\"0\":9,\"1\":1,\"2\":2}"),
        (b"\x93\xff\xa1k\x07", "{\"0\":7,\"k\":8,\"1\":9,\"2\":1,\"3\":2}"),
        (b"\x93\xff\xc0\x06", "{\"0\":6,\"1\":7,\"k\":8,\"2\":9,\"3\":1,\"4\":2}"),
    ] {
        store.append(b"x", patch, i64::MIN, &mut version).unwrap();
        assert_eq!(file.fine("get", &["x"]), format!("{json}\n"));
    }
}

#[test]
fn input_that_is_no_json_object_is_refused_with_its_place() {
    let file = Scratch::new();
    fails(&file.run_with("import", &[], b"[1]"), 2, "no whole JSON object");
    fails(&file.run_with("import", &[], b"{\"a\":1,\n\"b\":"), 2, "line 2");
    fails(&file.run_with("import", &[], b"{} x"), 2, "trailing");
    let deep = format!("{{\"a\":{}{}}}", "[".repeat(3_000), "]".repeat(3_000));
    file.fine_with("import", &[], deep.as_bytes());
    assert_eq!(file.fine("get", &["a"]).len(), 6_001);
    let too_deep = format!("{{\"a\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    fails(&file.run_with("import", &[], too_deep.as_bytes()), 2, "too deeply");
}

#[test]
fn a_damaged_file_is_told_of_and_left_as_it_is() {
    let file = Scratch::new();
    for n in 0..100 {
        file.fine("set", &[&format!("name {n}"), "\"a value\""]);
    }
    assert!(file.fine("check", &[]).starts_with("sound: 100 names"));
    let mut bytes = std::fs::read(&file.0).unwrap();
    let at = bytes.windows(7).position(|window| window == b"a value").unwrap();
    bytes[at] ^= 1;
    // In place: another file would be taken for a copy.
    std::os::unix::fs::FileExt::write_all_at(
        &std::fs::OpenOptions::new().write(true).open(&file.0).unwrap(),
        &bytes[at..=at],
        at as u64,
    )
    .unwrap();
    let output = file.run("check", &[]);
    assert_eq!(output.status.code(), Some(1));
    assert!(!output.stdout.is_empty());
    assert_eq!(std::fs::read(&file.0).unwrap()[at], bytes[at]);
}

#[test]
fn no_file_that_lies_ends_a_command_in_another_way_and_a_copy_stays_as_it_is() {
    let mut random = sync_store::testing::Random::new(0x7001);
    let mut statuses = [0; 5];
    for seed in 0..40 {
        let data: Vec<u8> = (0..256).map(|_| (random.number() >> 56) as u8).collect();
        let file = Scratch::new();
        let is_copy = sync_hostile::make(&data, &file.0);
        let before = std::fs::read(&file.0).unwrap();
        for (command, arguments) in [
            ("check", &[][..]),
            ("ls", &["--long"]),
            ("export", &[]),
            ("export", &["--msgpack"]),
            ("get", &["a"]),
            ("stat", &[]),
            ("stat", &["a", "--json"]),
            ("top", &["--once", "--interval", "0.05"]),
            ("watch", &["--timeout", "0.05"]),
        ] {
            let output = file.run(command, arguments);
            let said = text(&output.stderr);
            let status = output.status.code();
            assert!(
                matches!(status, Some(0 | 1 | 3 | 4)) && !said.contains("panicked"),
                "{seed} {command}: {status:?} {said}"
            );
            if command == "check" {
                statuses[status.unwrap_or_default() as usize] += 1;
                // A problem is told: here where it is one of the content, there where it is no store.
                assert!(status == Some(0) || !(output.stdout.is_empty() && said.is_empty()), "{seed}");
            }
        }
        assert!(!is_copy || std::fs::read(&file.0).unwrap() == before, "{seed}: it is another file now");
    }
    assert!(statuses[0] > 2 && statuses[1] > 2, "{statuses:?}");
}

#[test]
fn a_copy_with_a_damaged_record_is_told_of_with_what_is_lost() {
    let (file, copy) = (Scratch::new(), Scratch::new());
    for n in 0..100u8 {
        file.put(&[b'n', n], &[&[0xd9, 100][..], &[b'a' + n % 26; 100]].concat());
    }
    let mut image = std::fs::read(&file.0).unwrap();
    std::fs::write(&copy.0, &image).unwrap();
    assert!(copy.fine("check", &[]).starts_with("sound: 100 names"));
    let at = image.windows(100).rposition(|window| window == [b'd'; 100]).unwrap();
    image[at + 50] ^= 1;
    std::fs::write(&copy.0, &image).unwrap();
    let output = copy.run("check", &[]);
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(1), String::new()));
    assert!(text(&output.stdout).contains(copy.0.to_str().unwrap()), "{}", text(&output.stdout));
    assert!(std::fs::read(&copy.0).unwrap() == image);
}

#[test]
fn an_import_replaces_names_or_all_and_nothing_where_it_cannot_begin() {
    let file = Scratch::new();
    file.fine("set", &["old", "1", "--ttl", "1000"]);
    file.fine("set", &["both", "1", "--ttl", "1000"]);
    fails(&file.run_with("import", &["--replace"], b"no json"), 2, "no whole JSON object");
    fails(&file.run_with("import", &["--replace", "--msgpack"], b"\xc1"), 2, "not what");
    file.fine_with("import", &[], b"{\"both\": 2, \"new\": {\"1\": 1.0, \"k\": []}, \"both\": 3}");
    let exported = file.run("export", &[]);
    fails(&exported, 0, "1 value expires, which JSON has no room for");
    assert_eq!(text(&exported.stdout), "{\n\"old\":1,\n\"both\":3,\n\"new\":{\"1\":1.0,\"k\":[]}\n}\n");
    // JSON has no room for an expiry, and the one of the value before is over with it.
    assert!(file.fine("stat", &["both"]).contains("expires      never"));
    assert!(file.fine("stat", &["old"]).contains("expires      in "));
    file.fine_with("import", &["--replace"], b"{\"x\": null}");
    assert_eq!(file.fine("export", &[]), "{\n\"x\":null\n}\n");
    file.fine_with("import", &["--replace"], b"{}");
    assert_eq!(file.fine("export", &[]), "{\n}\n");
}

#[test]
fn an_import_makes_the_file_though_there_is_nothing_in_it() {
    let none = Scratch::new();
    none.fine_with("import", &[], b"{}");
    let stream = none.run("export", &["--msgpack"]).stdout;
    let nothing = b"{\"\\u0000\": 1}";
    for (arguments, input, status) in [
        (&[][..], &b"{}"[..], 0),
        (&["--replace"], b"{}", 0),
        (&["--msgpack"], &stream, 0),
        (&["--msgpack", "--replace"], &stream, 0),
        (&[], nothing, 4),
        (&["--replace"], nothing, 4),
    ] {
        let file = Scratch::new();
        assert_eq!(file.run_with("import", arguments, input).status.code(), Some(status));
        assert_eq!(file.fine("ls", &[]), "");
        file.fine("check", &[]);
        // And removes nothing where there is one.
        file.fine("set", &["x", "1"]);
        assert_eq!(file.run_with("import", arguments, input).status.code(), Some(status));
        assert_eq!(file.fine("ls", &[]), if arguments.contains(&"--replace") { "" } else { "x\n" });
    }
    let file = Scratch::new();
    fails(&file.run_with("import", &[], b"{"), 2, "no whole JSON object");
    assert!(!file.0.exists());
    let folder = Scratch(PathBuf::from("/dev/shm/syncctl-test-no-such-folder/x"));
    fails(&folder.run_with("import", &[], b"{}"), 3, "does not exist");
}

#[test]
fn looking_leaves_no_trace_and_needs_no_right_to_write() {
    let file = Scratch::new();
    for n in 0..300 {
        file.put(format!("name {n}").as_bytes(), &[0x7f]);
    }
    file.store()
        .put_until(b"expired", (b"\x01", b""), sync_store::Now::read().after(1), &mut Version::default())
        .unwrap();
    let before = std::fs::read(&file.0).unwrap();
    for (command, arguments) in [
        ("ls", &["--long"][..]),
        ("get", &["name 1"]),
        ("stat", &[]),
        ("stat", &["name 1"]),
        ("export", &[]),
        ("export", &["--msgpack"]),
        ("top", &["--once", "--interval", "0.05"]),
    ] {
        file.fine(command, arguments);
    }
    fails(&file.run("watch", &["--timeout", "0.1"]), 1, "");
    assert!(std::fs::read(&file.0).unwrap() == before);
    assert_eq!(file.fine("ls", &["expired"]), "");
}

#[test]
fn the_facts_about_a_value_are_told_without_reading_it() {
    let file = Scratch::new();
    file.fine("set", &["list", "[1,2,3]", "--ttl", "1000"]);
    let facts: serde_json::Value = serde_json::from_str(&file.fine("stat", &["list", "--json"])).unwrap();
    assert_eq!((&facts["type"], &facts["elements"], &facts["bytes"]), (&"array".into(), &3.into(), &4.into()));
    assert!(facts["expires"].as_f64().unwrap() > 1e9);
    fails(&file.run("stat", &["list", "missing"]), 1, "There is no 'missing'");
}

#[test]
fn compacting_gives_room_back_and_changes_nothing() {
    let file = Scratch::new();
    let store = file.store();
    for n in 0..2_000u32 {
        store.put(&n.to_be_bytes(), &encode_bytes(1_000), &mut Version::default()).unwrap();
    }
    for n in (0..2_000u32).filter(|n| n % 8 != 0) {
        store.remove(&n.to_be_bytes()).unwrap();
    }
    let before = store.snapshot().unwrap();
    file.fine("compact", &[]);
    let after = store.snapshot().unwrap();
    assert!(before.iter().eq(after.iter()));
    assert_eq!(store.check().unwrap().problems, [] as [String; 0]);
}

fn encode_bytes(length: u16) -> Vec<u8> {
    [&[0xc5][..], &length.to_be_bytes(), &vec![b'x'; length.into()]].concat()
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let file = Scratch::new();
    for n in 0..3_000 {
        file.put(format!("a name that is rather long, so that a pipe is soon full {n}").as_bytes(), b"\x01");
    }
    let mut child = Command::new(env!("CARGO_BIN_EXE_syncctl"))
        .args(["ls".as_ref(), file.0.as_os_str()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), String::new()));
}

#[test]
fn state_is_told_to_people_and_to_programs() {
    let file = Scratch::new();
    file.fine("set", &["x", "1"]);
    let store = file.store();
    store.put(b"y", b"\x01", &mut Version::default()).unwrap();
    let name = sync_store::LockName::named(b"a lock");
    store.take_lock(name, false).unwrap();
    let text = file.fine("stat", &[]);
    assert!(text.starts_with("names        2\n"), "{text}");
    assert!(text.contains(&format!("lock         \"a lock\", process {}, for ", std::process::id())), "{text}");
    let json: serde_json::Value = serde_json::from_str(&file.fine("stat", &["--json"])).unwrap();
    assert_eq!((&json["keys"], &json["locks"][0]["name"]), (&2.into(), &"a lock".into()));
}

#[test]
fn help_fits_on_a_screen_and_shells_complete() {
    let help = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_syncctl")).args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(0));
        text(&output.stdout)
    };
    let all = help(&["--help"]);
    assert!(all.lines().count() <= 24, "{all}");
    let commands =
        all.lines().filter_map(|line| line.strip_prefix("  ")).filter(|line| line.starts_with(char::is_alphabetic));
    let commands: Vec<_> = commands.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(commands.len(), 13, "{commands:?}");
    let folder = tempfile::tempdir().unwrap();
    help(&["manual", folder.path().to_str().unwrap()]);
    let page = |name: String| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(page("syncctl.1".into()).contains("Exit status: 0 fine"));
    for command in &commands {
        let help = help(&[command, "--help"]);
        assert!(help.lines().count() <= 24, "{help}");
        let manual = page(format!("syncctl-{command}.1"));
        assert!(["FILE", "STORE", "FROM"].iter().any(|it| manual.contains(it)) || *command == "completion");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1 + commands.len());
    assert!(help(&["completion", "bash"]).contains("complete -F _syncctl"));
    assert!(help(&["completion", "zsh"]).starts_with("#compdef syncctl"));
}
