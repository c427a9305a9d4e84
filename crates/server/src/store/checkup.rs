//! A look at a server that a process meets: at settings by which it would lose values, and at rights that its user lacks.
//!
//! It is a round trip of its own, once a thread for each run of each server. Its outcome is a warning; what nothing works without, the
//! operations themselves tell of.

use super::layout::{Key, Keys};
use super::probe;
use crate::address::{Address, Server};
use crate::batch::Batch;
use crate::connection::Connection;
use crate::failure::Lost;
use crate::message::{Message, Push, Value};
use crate::refusal::Refusal;
use std::cell::RefCell;
use std::collections::HashSet;

/// The number of runs that a thread remembers to have met; then it forgets all, and may warn once more.
const MOST_MET: usize = 256;

thread_local! {
    static MET: RefCell<HashSet<(Server, Vec<u8>)>> = RefCell::new(HashSet::new());
}

/// The answer to a request of the look; `None`: there was none.
type Answer = Option<Result<Value, Refusal>>;

/// Looks at a server, if this run of it was not met before. Gives the warning. `pushes`: those that come meanwhile.
pub fn look(
    connection: &mut Connection,
    address: &Address,
    keys: &Keys,
    run: &[u8],
    pushes: &mut dyn FnMut(Push),
) -> Result<Option<String>, Lost> {
    let server = (address.server.clone(), run.to_vec());
    if MET.with_borrow(|met| met.contains(&server)) {
        return Ok(None);
    }
    let client = connection.greeting().id.to_string();
    let of_scripts =
        [&[b"EVAL", RIGHTS.as_bytes(), b"1", keys.kind(Key::Lock)], &COMMANDS.map(str::as_bytes)[..]].concat();
    let [memory, list, refused] =
        ask(connection, pushes, [&[b"INFO", b"memory"], &[b"CLIENT", b"LIST", b"ID", client.as_bytes()], &of_scripts])?;
    let is_late = |answer: &Answer| matches!(answer, Some(Err(refusal)) if refusal.may_pass());
    if is_late(&memory) || is_late(&list) || is_late(&refused) {
        // (It says nothing of rights: the next connection looks.)
        return Ok(None);
    }
    let mut eviction = memory.as_ref().and_then(|answer| answer.as_ref().ok()).and_then(in_info);
    if eviction.is_none() {
        // (Some services have INFO without that, others have no CONFIG.)
        let [config] = ask(connection, pushes, [&[b"CONFIG", b"GET", b"maxmemory*"]])?;
        eviction = config.and_then(Result::ok).as_ref().and_then(in_config);
    }
    let mut warnings = Vec::new();
    if let Some(Eviction { limit: 1.., policy }) = eviction
        && policy != "noeviction"
    {
        warnings.push(of_eviction(&policy));
    }
    let tells_the_dead = !is_refused(&list) || {
        // (Only then: a server counts the requests that it refuses.)
        let nobody = probe::NOBODY.to_string();
        let answers = ask(connection, pushes, [&probe::probe(client.as_bytes()), &probe::probe(nobody.as_bytes())])?;
        answers.map(|answer| answer.as_ref().is_some_and(probe::is_gone)) == [false, true]
    };
    // (Not before all answers are there: with a connection that ends meanwhile the warning would be lost.)
    MET.with_borrow_mut(|met| {
        if met.len() == MOST_MET {
            met.clear();
        }
        met.insert(server);
    });
    warnings.extend(of_rights(address, is_refused(&memory), !tells_the_dead));
    // (Who may run no script hears so from the first.)
    if let Some(Ok(Value::List(refused))) = &refused {
        warnings.extend(of_scripts_commands(address, refused));
    }
    Ok((!warnings.is_empty()).then(|| format!("Sync server '{address}': {}", warnings.join(" "))))
}

/// Asks some things at once.
fn ask<const N: usize>(
    connection: &mut Connection,
    pushes: &mut dyn FnMut(Push),
    requests: [&[&[u8]]; N],
) -> Result<[Answer; N], Lost> {
    let mut batch = Batch::new();
    requests.iter().for_each(|words| batch.add(words));
    let mut answers = Vec::new();
    connection.ask_all(&batch, &mut |message| match message {
        Message::Answer(answer) => answers.push(answer),
        Message::Push(push) => pushes(push),
    })?;
    let mut answers = answers.into_iter();
    Ok(std::array::from_fn(|_| answers.next()))
}

fn is_refused(answer: &Answer) -> bool {
    matches!(answer, Some(Err(_)))
}

/// The settings by which a server makes room.
#[derive(Debug, PartialEq, Eq)]
struct Eviction {
    /// `maxmemory`; 0: none, and then nothing is ever removed.
    limit: u64,
    /// `maxmemory-policy`.
    policy: String,
}

/// The settings, in an answer to `INFO memory`.
fn in_info(info: &Value) -> Option<Eviction> {
    let text = String::from_utf8_lossy(info.text()?);
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    Some(Eviction { limit: field("maxmemory")?.parse().ok()?, policy: field("maxmemory_policy")?.to_owned() })
}

/// The settings, in an answer to `CONFIG GET`.
fn in_config(config: &Value) -> Option<Eviction> {
    let text = |name| Some(String::from_utf8_lossy(config.get(name)?.text()?).into_owned());
    Some(Eviction { limit: text("maxmemory")?.parse().ok()?, policy: text("maxmemory-policy")? })
}

fn of_eviction(policy: &str) -> String {
    let lost = if policy.starts_with("volatile") { "properties that expire before their time" } else { "any property" };
    format!(
        "when its memory is full it removes {lost}, as its maxmemory-policy is {policy}. Set that to noeviction, in its \
         configuration and by CONFIG SET maxmemory-policy noeviction: a write is refused then, and nothing is lost."
    )
}

/// The commands that scripts run: those that change something, and the others.
const COMMANDS: [&str; 25] = [
    "APPEND",
    "DEL",
    "HDEL",
    "HINCRBY",
    "HSET",
    "INCRBY",
    "PERSIST",
    "PEXPIRE",
    "SET",
    "SETRANGE",
    "UNLINK",
    "ZADD",
    "ZREM",
    "EXISTS",
    "GET",
    "GETBIT",
    "GETRANGE",
    "HGET",
    "MGET",
    "STRLEN",
    "TIME",
    "ZCARD",
    "ZRANGE",
    "ZRANGEBYSCORE",
    "ZSCORE",
];
/// The number of the first ones.
const CHANGING: usize = 13;
/// Tells which of them the user may not run.
const RIGHTS: &str = include_str!("rights.lua");

/// Some of them are refused. (One who may only read is told so by the first change, of which nothing is made.)
fn of_scripts_commands(address: &Address, refused: &[Value]) -> Option<String> {
    let refused: Vec<_> = refused.iter().filter_map(Value::text).map(String::from_utf8_lossy).collect();
    if refused.is_empty() || COMMANDS[..CHANGING].iter().all(|command| refused.contains(&(*command).into())) {
        return None;
    }
    let rules: Vec<_> = refused.iter().map(|command| format!("+{}", command.to_ascii_lowercase())).collect();
    Some(format!(
        "it refuses {} in scripts, so that a change may end in its middle. Allow that: ACL SETUSER {} {}",
        refused.join(", "),
        user_of(address),
        rules.join(" ")
    ))
}

fn user_of(address: &Address) -> String {
    String::from_utf8_lossy(address.server.user.as_deref().unwrap_or(b"default")).into_owned()
}

/// The rights that the user lacks, of those without which all seems well.
fn of_rights(address: &Address, no_info: bool, no_list: bool) -> Option<String> {
    let (lacks, means, rule) = match (no_info, no_list) {
        (false, false) => return None,
        (true, false) => ("INFO", NO_INFO.to_owned(), "+info"),
        (false, true) => ("CLIENT LIST and CLIENT TRACKING", NO_LIST.to_owned(), "+client"),
        (true, true) => ("INFO, CLIENT LIST and CLIENT TRACKING", format!("{NO_INFO}, and {NO_LIST}"), "+info +client"),
    };
    Some(format!("it refuses {lacks}, so that {means}. Allow that: ACL SETUSER {} {rule}", user_of(address)))
}

/// The meaning of `INFO` that is refused.
const NO_INFO: &str = "it is not noticed when the server was started anew, or may remove properties";
/// The meaning of `CLIENT LIST` and `CLIENT TRACKING` that are refused.
const NO_LIST: &str = "a lock whose owner has died does not end";

#[cfg(test)]
mod tests {
    use super::super::script::{SCRIPTS, Script};
    use super::*;
    use std::collections::BTreeSet;

    fn text(text: &str) -> Value {
        Value::Text(text.as_bytes().to_vec())
    }

    #[test]
    fn the_commands_are_those_of_the_scripts() {
        let texts: Vec<&str> = SCRIPTS.map(Script::text).to_vec();
        let of_texts =
            texts.iter().flat_map(|text| text.split("call('").skip(1)).filter_map(|rest| rest.split('\'').next());
        let all: BTreeSet<&str> = of_texts.collect();
        // (INFO is asked for where it is allowed.)
        assert_eq!(all.into_iter().filter(|command| *command != "INFO").collect::<BTreeSet<_>>(), COMMANDS.into());
    }

    #[test]
    fn the_settings_are_found_in_either_answer() {
        let eviction = |limit, policy: &str| Some(Eviction { limit, policy: policy.to_owned() });
        let info =
            "# Memory\r\nused_memory:1\r\nmaxmemory:100\r\nmaxmemory_human:100B\r\nmaxmemory_policy:allkeys-lru\r\n";
        assert_eq!(in_info(&text(info)), eviction(100, "allkeys-lru"));
        assert_eq!(in_info(&text("# Memory\r\nused_memory:1\r\n")), None);
        let pairs = [("maxmemory", "0"), ("maxmemory-samples", "5"), ("maxmemory-policy", "noeviction")];
        let config = Value::Map(pairs.map(|(name, value)| (text(name), text(value))).to_vec());
        assert_eq!(in_config(&config), eviction(0, "noeviction"));
        assert_eq!(in_config(&Value::Map(Vec::new())), None);
    }
}
