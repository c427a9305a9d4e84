//! One connection to a server, by RESP3, for requests and for pushes.
//!
//! Messages are handed on in the server's order, and none is read before its turn: a push that has arrived behind an answer stays in the
//! inbox until the caller, who has the answer by then, looks or asks again. So a value that is kept is never older than a push that
//! was heeded before.
//!
//! It has neither a runtime nor a thread. A forked child closes its descriptors at its first instruction: not a byte is sent, as the connection is
//! the parent's.

use super::address::{Host, Server};
use super::batch::Batch;
use super::extent::Malformed;
use super::failure::{Cause, Failure, Lost, NoConnection};
use super::inbox::Inbox;
use super::message::{Message, Push, Value};
use super::refusal::Refusal;
use super::secret::HIDDEN;
use super::socket::{Arrival, Ready};
use super::stream::Stream;
use rustix::io::Errno;
use std::path::PathBuf;
use std::time::{Duration, Instant};

/// The name by which a server lists its connections (`CLIENT LIST`).
const NAME: &[u8] = b"sync";

/// The one end that a connection leads to. (The place of an address may mean several.)
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// A host and a port.
    Host(Host),
    /// A socket on this machine.
    Socket(PathBuf),
}

/// A server's introduction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Greeting {
    /// The version, as the server writes it. (Valkey may say that of the Redis that it takes the place of.)
    pub version: String,
    /// The number of this connection at the server.
    pub id: i64,
    /// `standalone`, `cluster` or `sentinel`.
    pub mode: String,
    /// `master` or `replica`; of a sentinel, which is neither, nothing.
    pub role: String,
}

/// The time in which a connection has to come about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct OpeningTime {
    /// For connecting and the log-in.
    connect: Duration,
    /// The end of the time for these, and all that is asked first.
    until: Instant,
}

impl OpeningTime {
    /// As long as an address says, up to a moment.
    pub fn new(server: &Server, until: Instant) -> Self {
        Self { connect: server.connect_timeout, until }
    }

    /// The time for the first of so many servers: one that does not answer leaves time for the others.
    pub fn shared_by(self, servers: usize) -> Self {
        let left = self.until.saturating_duration_since(Instant::now());
        Self { connect: self.connect.min(left / servers.max(1) as u32), ..self }
    }
}

/// A connection. After a failure other than a refusal it is closed, and each request fails with [`Cause::Closed`], not sent.
#[derive(Debug)]
pub struct Connection {
    /// `None` once it is closed.
    stream: Option<Stream>,
    inbox: Inbox,
    timeout: Duration,
    /// The end of the time for all that is asked first; `None`: that has been.
    until: Option<Instant>,
    greeting: Greeting,
    /// For requests that are sent one by one: the memory of the last one.
    single: Batch<'static>,
}

/// A receiver of messages, in the server's order.
type Each<'a> = &'a mut dyn FnMut(Message);

/// How far an exchange has come.
#[derive(Default)]
struct Progress {
    /// The bytes that the kernel has taken.
    sent: usize,
    answered: usize,
}

impl Connection {
    /// Connects to an endpoint, and logs in as the server's address says.
    pub fn open(endpoint: &Endpoint, server: &Server) -> Result<Self, NoConnection> {
        let time = OpeningTime::new(server, Instant::now() + server.connect_timeout);
        let mut connection = Self::open_within(endpoint, server, time)?;
        connection.is_ready();
        Ok(connection)
    }

    /// The same within a time, which is also that for all requests until it is [ready](Self::is_ready).
    pub(crate) fn open_within(endpoint: &Endpoint, server: &Server, time: OpeningTime) -> Result<Self, NoConnection> {
        let deadline = time.until.min(Instant::now() + time.connect);
        let mut inbox = Inbox::default();
        let stream = match endpoint {
            Endpoint::Host(host) => Stream::to_host(host, server, deadline, inbox.room().map_err(NoConnection::Lost)?)?,
            Endpoint::Socket(path) => Stream::to_socket(path, server, deadline)?,
        };
        let mut connection = Self {
            stream: Some(stream),
            inbox,
            timeout: server.timeout,
            until: Some(time.until),
            greeting: Greeting { version: String::new(), id: 0, mode: String::new(), role: String::new() },
            single: Batch::new(),
        };
        connection.log_in(server, deadline)?;
        Ok(connection)
    }

    /// `HELLO` and `SELECT`.
    fn log_in(&mut self, server: &Server, deadline: Instant) -> Result<(), NoConnection> {
        let mut batch = Batch::new();
        let mut hello: Vec<&[u8]> = vec![b"HELLO", b"3"];
        if let Some(password) = &server.password {
            hello.extend([b"AUTH", server.user.as_deref().unwrap_or(b"default"), password.expose()]);
        }
        hello.extend([b"SETNAME", NAME]);
        batch.add(&hello);
        let database = server.database.to_string();
        if server.database != 0 {
            batch.add(&[b"SELECT", database.as_bytes()]);
        }
        let mut answers = Vec::new();
        // There is nothing yet that a push could tell of.
        let mut each = |message| {
            if let Message::Answer(answer) = message {
                answers.push(answer);
            }
        };
        self.exchange(&batch, deadline, false, &mut each).map_err(|lost| match lost.cause {
            Cause::Refused(refusal) => refused(refusal, server),
            // (A server may refuse our certificate after it has let us begin.)
            Cause::Tls(failure) => NoConnection::Tls(failure),
            cause @ (Cause::Closed | Cause::System(_)) if server.place.is_plain_port() => NoConnection::HungUp(cause),
            cause => NoConnection::Lost(cause),
        })?;
        let mut hello = None;
        for answer in answers {
            let value = answer.map_err(|refusal| refused(refusal, server))?;
            hello.get_or_insert(value);
        }
        self.greeting = hello.as_ref().and_then(greeting).ok_or(NoConnection::TooOld)?;
        if is_too_old(&self.greeting.version) {
            return Err(NoConnection::OldVersion(self.greeting.version.clone()));
        }
        Ok(())
    }

    /// All that had to be asked first has been asked: from now on each request has the whole time that the address says.
    pub(crate) fn is_ready(&mut self) {
        self.until = None;
    }

    /// The server's introduction.
    pub fn greeting(&self) -> &Greeting {
        &self.greeting
    }

    /// Whether it can be used: it has not failed, and this is the process that opened it.
    pub fn is_open(&self) -> bool {
        self.stream.as_ref().is_some_and(Stream::is_own)
    }

    /// Sends one request, and waits for its answer. Pushes that come before it go to `pushes`.
    pub fn ask(&mut self, words: &[&[u8]], pushes: &mut dyn FnMut(Push)) -> Result<Value, Failure> {
        let mut batch = std::mem::take(&mut self.single).emptied();
        batch.add(words);
        let mut answer = None;
        let result = self.ask_all(&batch, &mut |message| match message {
            Message::Answer(value) => answer = Some(value),
            Message::Push(push) => pushes(push),
        });
        self.single = batch.emptied();
        result?;
        answer.expect("an exchange without a failure has an answer to each request").map_err(Failure::Refused)
    }

    /// Sends requests one behind the other, and hands on their answers, in order, with the pushes that come between them. (Requests for which
    /// there was no memory are not sent, and the connection stays.)
    pub fn ask_all(&mut self, batch: &Batch, each: Each<'_>) -> Result<(), Lost> {
        has_memory(batch)?;
        // A connection that has ended meanwhile shows before anything is sent, where nothing is in doubt.
        self.look_at_all(each)?;
        self.exchange_in_time(batch, each)
    }

    /// The same without a look at first: for those who have just looked, or who ask for what they can ask for again.
    pub fn ask_all_at_once(&mut self, batch: &Batch, each: Each<'_>) -> Result<(), Lost> {
        has_memory(batch)?;
        self.begin(each)?;
        self.exchange_in_time(batch, each)
    }

    fn exchange_in_time(&mut self, batch: &Batch, each: Each<'_>) -> Result<(), Lost> {
        let deadline = Instant::now() + self.timeout;
        let first = self.until.map(|until| until.min(deadline));
        self.exchange(batch, first.unwrap_or(deadline), first.is_none(), each)
    }

    /// Hands on the pushes that have arrived. It never waits.
    pub fn look(&mut self, pushes: &mut dyn FnMut(Push)) -> Result<(), Lost> {
        self.look_at_all(&mut |message| {
            if let Message::Push(push) = message {
                pushes(push);
            }
        })
    }

    /// Waits until something arrives, and hands on the pushes in it. It ends without any at the deadline, after a signal, and where only a
    /// part of one has come.
    pub fn wait(&mut self, deadline: Instant, pushes: &mut dyn FnMut(Push)) -> Result<(), Lost> {
        let mut count = 0;
        let mut counting = |push| {
            count += 1;
            pushes(push);
        };
        self.look(&mut counting)?;
        if count == 0 {
            let ready = self.stream().and_then(|stream| stream.wait(false, deadline).map_err(Cause::System));
            if ready.map_err(|cause| self.lose(&Batch::default(), &Progress::default(), cause))? == Ready::Reading {
                self.look(pushes)?;
            }
        }
        Ok(())
    }

    /// The stream. It is this process's own: each operation has looked at that first, and none forks.
    fn stream(&mut self) -> Result<&mut Stream, Cause> {
        self.stream.as_mut().ok_or(Cause::Closed)
    }

    /// Ends the connection, and says what is known of the requests.
    fn lose(&mut self, batch: &Batch, progress: &Progress, cause: Cause) -> Lost {
        self.stream = None;
        self.inbox = Inbox::default();
        Lost { answered: progress.answered, sent: batch.whole(progress.sent), cause }
    }

    /// Looks whether this is the process that opened the connection, and hands on all that is in the inbox. Each operation begins with it.
    fn begin(&mut self, each: Each<'_>) -> Result<(), Lost> {
        self.unasked(|connection, nothing, progress| match &connection.stream {
            Some(stream) if !stream.is_own() => Err(Cause::Forked),
            _ => connection.hand_on(nothing, progress, usize::MAX, each),
        })
    }

    /// The same, and hands on all that has arrived behind that.
    fn look_at_all(&mut self, each: Each<'_>) -> Result<(), Lost> {
        self.begin(each)?;
        self.unasked(|connection, nothing, progress| connection.receive_arrived(nothing, progress, each))
    }

    /// Does something while nothing is asked for.
    fn unasked(
        &mut self,
        receive: impl FnOnce(&mut Self, &Batch, &mut Progress) -> Result<(), Cause>,
    ) -> Result<(), Lost> {
        let nothing = Batch::default();
        receive(self, &nothing, &mut Progress::default())
            .map_err(|cause| self.lose(&nothing, &Progress::default(), cause))
    }

    /// Hands on all messages that have arrived behind the inbox.
    fn receive_arrived(&mut self, batch: &Batch, progress: &mut Progress, each: Each<'_>) -> Result<(), Cause> {
        while self.stream()?.has_arrived().map_err(Cause::System)? {
            self.receive(false)?;
            self.hand_on(batch, progress, usize::MAX, each)?;
        }
        Ok(())
    }

    /// Reads into the inbox, once.
    fn receive(&mut self, may_wait: bool) -> Result<(), Cause> {
        let Some(stream) = &mut self.stream else { return Err(Cause::Closed) };
        match stream.receive(self.inbox.room()?, may_wait)? {
            Arrival::Some | Arrival::Nothing => Ok(()),
            Arrival::End => Err(Cause::Closed),
        }
    }

    /// Hands on messages of the inbox, up to the answer to the last of so many requests.
    fn hand_on(
        &mut self,
        batch: &Batch,
        progress: &mut Progress,
        requests: usize,
        each: Each<'_>,
    ) -> Result<(), Cause> {
        while progress.answered < requests {
            let Some(message) = self.inbox.take().map_err(Cause::Malformed)? else { break };
            if let Message::Answer(answer) = &message {
                if progress.answered == batch.whole(progress.sent) {
                    // A server that is about to hang up says why, whether it was asked or not.
                    return Err(match answer {
                        Err(refusal) => Cause::Refused(refusal.clone()),
                        Ok(_) => Cause::Malformed(Malformed("an answer that nobody asked for")),
                    });
                }
                progress.answered += 1;
            }
            each(message);
        }
        Ok(())
    }

    /// Sends requests and receives their answers, until a deadline. A fast server's answer is waited for in one system call, by the socket's own
    /// time-out, which begins anew then: all of it may take twice as long.
    fn exchange(&mut self, batch: &Batch, deadline: Instant, waits_once: bool, each: Each<'_>) -> Result<(), Lost> {
        let mut progress = Progress::default();
        let result = self.send(batch, &mut progress, deadline, each);
        let result = result.and_then(|()| self.receive_answers(batch, &mut progress, deadline, waits_once, each));
        result.map_err(|cause| self.lose(batch, &progress, cause))
    }

    /// Sends requests. While the server takes none, its answers are read: it may be waiting for that.
    fn send(&mut self, batch: &Batch, progress: &mut Progress, deadline: Instant, each: Each<'_>) -> Result<(), Cause> {
        while progress.sent < batch.size() {
            match self.stream()?.send(batch.rest(progress.sent)) {
                Ok(count) => progress.sent += count,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => match self.stream()?.wait(true, deadline).map_err(Cause::System)? {
                    Ready::TimedOut => return Err(Cause::TimedOut),
                    Ready::Reading => {
                        self.receive(false)?;
                        self.hand_on(batch, progress, usize::MAX, each)?;
                    }
                    Ready::Writing | Ready::Interrupted => {}
                },
                Err(error) => {
                    // The last answers, or the reason, may have arrived before the end.
                    self.hand_on(batch, progress, usize::MAX, each)?;
                    self.receive_arrived(batch, progress, each)?;
                    return Err(Cause::System(error));
                }
            }
        }
        Ok(())
    }

    /// Receives the answers to requests that were sent, and the pushes before the last one.
    fn receive_answers(
        &mut self,
        batch: &Batch,
        progress: &mut Progress,
        deadline: Instant,
        waits_once: bool,
        each: Each<'_>,
    ) -> Result<(), Cause> {
        self.hand_on(batch, progress, batch.len(), each)?;
        let mut may_wait = waits_once;
        while progress.answered < batch.len() {
            if !may_wait && self.stream()?.wait(false, deadline).map_err(Cause::System)? == Ready::TimedOut {
                return Err(Cause::TimedOut);
            }
            self.receive(may_wait)?;
            may_wait = false;
            self.hand_on(batch, progress, batch.len(), each)?;
        }
        Ok(())
    }
}

/// Whether there was memory for requests.
fn has_memory(batch: &Batch) -> Result<(), Lost> {
    let refused = batch.refused().map(|bytes| Lost { answered: 0, sent: 0, cause: Cause::NoMemory(bytes) });
    refused.map_or(Ok(()), Err)
}

/// The reason why a server refused to log us in. A server that does not know a request repeats its arguments, with the password among them.
fn refused(mut refusal: Refusal, server: &Server) -> NoConnection {
    if refusal.text.starts_with("NOPROTO") || refusal.text.to_ascii_lowercase().starts_with("err unknown command") {
        return NoConnection::TooOld;
    }
    if let Some(password) = server.password.as_ref().map(|password| String::from_utf8_lossy(password.expose()))
        && !password.is_empty()
    {
        refusal.text = refusal.text.replace(&*password, HIDDEN);
    }
    NoConnection::Refused(refusal)
}

/// The oldest version that has all that is asked for: `CLIENT LIST ID` tells whether the owner of a lock is still there.
const OLDEST: [u32; 2] = [6, 2];

/// Whether a version is older than that. (One that is written otherwise is that of a server of another kind, which may well do.)
fn is_too_old(version: &str) -> bool {
    let mut parts = version.split('.').map_while(|part| part.parse::<u32>().ok());
    matches!((parts.next(), parts.next()), (Some(major), Some(minor)) if [major, minor] < OLDEST)
}

/// Reads the answer to `HELLO`.
fn greeting(hello: &Value) -> Option<Greeting> {
    let text = |name| Some(String::from_utf8_lossy(hello.get(name)?.text()?).into_owned());
    Some(Greeting {
        version: text("version")?,
        id: hello.get("id")?.integer()?,
        mode: text("mode")?,
        role: text("role").unwrap_or_default(),
    })
}
