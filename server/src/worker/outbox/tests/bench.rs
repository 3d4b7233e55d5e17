//! A workbench: an instance with a grid, a mail sink, and receivers.

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};

use domain::{clock::Timestamp, lead::SignOff, notice::Message, scope::Scope, status::CellStatus};
use store::{
    Engine, SubscriberRow,
    testing::{TestDatabase, TestDir},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    time::Instant,
};

use crate::{
    clock::Clock,
    commands::{
        Ctx, cells, incidents,
        subscribe::{self, Pace, Wish},
    },
    config::Config,
    demo::sink,
    keys::Keys,
    state::App,
    worker::outbox::{Senders, drain, expand::expand},
};

/// Monday, 2 March 2026, 08:00 UTC.
const START: Timestamp = Timestamp::from_millis(1_772_438_400_000);

pub(crate) struct Bench {
    pub(crate) app: App,
    pub(crate) senders: Arc<Senders>,
    pub(crate) sink_address: SocketAddr,
    stop: Mutex<watch::Sender<bool>>,
    spool: PathBuf,
    pub(crate) database: TestDatabase,
    _data: TestDir,
}

impl Bench {
    pub(crate) async fn start(engine: Engine) -> Self {
        Self::start_with(engine, |_| {}).await
    }

    /// With other settings.
    pub(crate) async fn start_with(engine: Engine, change: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::create(engine).await;
        let data = TestDir::new();
        let spool = data.path().join("mail");
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let sink_address = listener.local_addr().unwrap();
        let mut config = Config::load(None).unwrap();
        config.data = data.path().to_path_buf();
        config.base_url = "https://status.example.com/".parse().unwrap();
        config.smtp.host = "127.0.0.1".into();
        config.smtp.port = sink_address.port();
        config.smtp.security = "none".into();
        config.smtp.from = "status@example.com".into();
        config.smtp.bounces = "bounces@example.com".into();
        config.smtp.hook_token = "a-token-for-tests".to_owned().into();
        config.webhook.allow_cidrs = vec!["127.0.0.0/8".parse().unwrap()];
        change(&mut config);
        let mut tx = database.store.write().await.unwrap();
        tx.insert_page("k7p2m9q4x1zd", "Meridian eSIM", START).await.unwrap();
        tx.commit().await.unwrap();
        let app =
            App::new(database.store.clone(), config, Keys::new([7; 32]), Clock::manual(START)).await.unwrap();
        let senders = Arc::new(Senders::new(&app).unwrap());
        let stop = Mutex::new(watch::channel(true).0);
        let bench = Self { app, senders, sink_address, stop, spool, database, _data: data };
        bench.relay_up(Some(listener)).await;
        bench.lay_grid().await;
        bench
    }

    /// A new process on the same database, at the same time.
    pub(crate) async fn restart(&mut self) {
        let (config, clock) = ((*self.app.config).clone(), Clock::manual(self.app.clock.now()));
        self.app = App::new(self.database.store.clone(), config, Keys::new([7; 32]), clock).await.unwrap();
        self.senders = Arc::new(Senders::new(&self.app).unwrap());
    }

    /// Lets the newest endpoint have messages without a challenge.
    pub(crate) async fn approve_newest(&self) -> SubscriberRow {
        let row = self.newest().await;
        let mut tx = self.app.store.write().await.unwrap();
        subscribe::approve(&mut tx, &self.ctx(), &row.id).await.unwrap();
        tx.commit().await.unwrap();
        self.pass(1);
        row
    }

    pub(crate) async fn end(self) {
        self.relay_down();
        self.database.discard().await;
    }

    /// Starts the mail sink, on its old port if it was down.
    pub(crate) async fn relay_up(&self, listener: Option<TcpListener>) {
        let listener = match listener {
            Some(listener) => listener,
            None => TcpListener::bind(self.sink_address).await.unwrap(),
        };
        let (stop, stopped) = watch::channel(false);
        *self.stop.lock().unwrap() = stop;
        tokio::spawn(sink::run(listener, self.spool.clone(), stopped));
    }

    pub(crate) fn relay_down(&self) {
        let _ = self.stop.lock().unwrap().send(true);
    }

    async fn lay_grid(&self) {
        let mut tx = self.app.store.write().await.unwrap();
        let ctx = self.ctx();
        for (slug, name, step) in domain::component::DEFAULTS {
            cells::add_component(&mut tx, &ctx, name, Some(slug), step).await.unwrap();
        }
        let id = cells::add_portfolio(&mut tx, &ctx, "Western Europe").await.unwrap();
        for country in ["FR", "IT"] {
            cells::add_country(&mut tx, &ctx, &id, country).await.unwrap();
        }
        tx.commit().await.unwrap();
        self.app.snapshot.refresh().await;
    }

    pub(crate) fn ctx(&self) -> Ctx {
        Ctx::system(self.app.clock.now())
    }

    pub(crate) fn pass(&self, ms: i64) {
        self.app.clock.set(self.app.clock.now().plus(ms));
    }

    pub(crate) async fn drain(&self) -> usize {
        drain(&self.app, &self.senders).await.unwrap()
    }

    pub(crate) async fn sign_up(&self, address: &str, countries: &[&str]) {
        let scope =
            Scope { countries: countries.iter().map(|c| (*c).to_owned()).collect(), ..Scope::default() };
        self.ask(address, Wish::of(scope)).await;
    }

    /// Asks for notices, and looks at the request.
    pub(crate) async fn ask(&self, address: &str, wish: Wish) {
        let mut tx = self.app.store.write().await.unwrap();
        subscribe::by_email(&mut tx, &self.ctx(), address, wish).await.unwrap();
        tx.commit().await.unwrap();
        self.expand().await;
    }

    pub(crate) async fn expand(&self) {
        expand(&self.app, &mut Pace::default(), || {}).await.unwrap();
    }

    /// A confirmed mail subscriber.
    pub(crate) async fn subscriber(&self, address: &str, countries: &[&str]) -> SubscriberRow {
        let scope =
            Scope { countries: countries.iter().map(|c| (*c).to_owned()).collect(), ..Scope::default() };
        self.subscriber_to(address, Wish::of(scope)).await
    }

    /// A confirmed mail subscriber to something.
    pub(crate) async fn subscriber_to(&self, address: &str, wish: Wish) -> SubscriberRow {
        self.ask(address, wish).await;
        self.drain().await;
        let row = self.newest().await;
        let mut tx = self.app.store.write().await.unwrap();
        tx.set_subscriber_state(&row.id, "confirmed", self.app.clock.now()).await.unwrap();
        tx.commit().await.unwrap();
        let _ = std::fs::remove_dir_all(&self.spool);
        self.pass(1);
        row
    }

    /// Registers an endpoint; its secret.
    pub(crate) async fn endpoint(&self, url: &str) -> String {
        self.endpoint_for(url, Wish::of(Scope::default())).await
    }

    /// Registers an endpoint for something; its secret.
    pub(crate) async fn endpoint_for(&self, url: &str, wish: Wish) -> String {
        let mut tx = self.app.store.write().await.unwrap();
        let ctx = self.ctx();
        let endpoint =
            subscribe::by_webhook(&mut tx, &ctx, &self.app.keys, &self.app.guard, url, wish).await.unwrap();
        tx.commit().await.unwrap();
        self.expand().await;
        endpoint.secret
    }

    /// The subscriber that was made last.
    pub(crate) async fn newest(&self) -> SubscriberRow {
        self.app.store.read().await.unwrap().newest_subscribers(1).await.unwrap().remove(0)
    }

    pub(crate) async fn state(&self, id: &str) -> String {
        self.app.store.read().await.unwrap().subscriber(id).await.unwrap().unwrap().state
    }

    /// Declares an incident on the first cell of a country; its id.
    pub(crate) async fn declare(&self, country: &str) -> String {
        let mut tx = self.app.store.write().await.unwrap();
        let cell = tx.cells().await.unwrap().into_iter().find(|c| c.country_code == country).unwrap();
        let declare = incidents::Declare {
            title: "downloads time out".into(),
            severity: 2,
            started_at: self.app.clock.now(),
            cells: vec![(cell.id, CellStatus::PartialOutage)],
            message: message(),
            sign_off: SignOff::Approved("bbbbbbbbbbbb".into()),
            ..Default::default()
        };
        let published = incidents::declare(&mut tx, &self.ctx(), declare).await.unwrap();
        tx.commit().await.unwrap();
        published.incident_id
    }

    /// Posts another update of it.
    pub(crate) async fn update(&self, incident_id: &str) {
        let mut tx = self.app.store.write().await.unwrap();
        let version = tx.incident(incident_id).await.unwrap().unwrap().version;
        let step = incidents::Step {
            incident_id: incident_id.into(),
            version,
            message: message(),
            sign_off: SignOff::Approved("bbbbbbbbbbbb".into()),
            ..Default::default()
        };
        let verb = incidents::Verb::PostUpdate {
            phase: domain::incident::Phase::Identified,
            is_no_change: false,
            cells: Vec::new(),
        };
        incidents::act(&mut tx, &self.ctx(), step, verb).await.unwrap();
        tx.commit().await.unwrap();
    }

    /// What the sink kept, unfolded.
    pub(crate) fn mails(&self) -> Vec<String> {
        let Ok(files) = std::fs::read_dir(&self.spool) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = files.map(|f| f.unwrap().path()).collect();
        paths.sort();
        paths.iter().map(|p| std::fs::read_to_string(p).unwrap().replace("\r\n ", " ")).collect()
    }

    pub(crate) fn forget_mails(&self) {
        let _ = std::fs::remove_dir_all(&self.spool);
    }

    /// Gives the page a name past every check; works once.
    pub(crate) async fn rename_page(&self, name: &str) {
        let mut tx = self.app.store.write().await.unwrap();
        assert!(tx.finish_setup(name, self.app.clock.now()).await.unwrap());
        tx.commit().await.unwrap();
        self.app.snapshot.refresh().await;
    }

    /// What the sink kept, as it is.
    pub(crate) fn raw_mails(&self) -> Vec<String> {
        let files = std::fs::read_dir(&self.spool).unwrap();
        files.map(|f| std::fs::read_to_string(f.unwrap().path()).unwrap()).collect()
    }

    /// States of deliveries on a channel and how many are in each.
    pub(crate) async fn queue(&self, channel: &str) -> Vec<(String, i64)> {
        let mut tx = self.app.store.read().await.unwrap();
        let ended = tx.count_finished(Timestamp::default(), "").await.unwrap();
        let mut states: Vec<(String, i64)> =
            ended.into_iter().filter(|(c, ..)| c == channel).map(|(_, state, n)| (state, n)).collect();
        let waiting = tx.queue_depth().await.unwrap().into_iter().filter(|q| q.channel == channel);
        let waiting: i64 = waiting.map(|q| q.count).sum();
        if waiting > 0 {
            states.push(("queued".into(), waiting));
        }
        states
    }
}

fn message() -> Message {
    Message {
        known: "About one in four downloads fails.".into(),
        unknown: "When it ends.".into(),
        next_steps: "We move traffic.".into(),
        customer_action: "Try again.".into(),
    }
}

pub(crate) fn header<'m>(mail: &'m str, name: &str) -> &'m str {
    mail.lines()
        .find_map(|l| l.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_else(|| panic!("{name}\n{mail}"))
}

/// The bodies of a mail as they are read: quoted-printable undone.
pub(crate) fn decoded(mail: &str) -> String {
    let joined = mail.replace("=\r\n", "").replace("=\n", "");
    let (mut out, mut rest) = (Vec::new(), joined.as_str());
    while let Some(at) = rest.find('=') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        let byte = rest.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        out.push(byte.unwrap_or(b'='));
        rest = &rest[at + if byte.is_some() { 3 } else { 1 }..];
    }
    out.extend_from_slice(rest.as_bytes());
    String::from_utf8_lossy(&out).into_owned()
}

/// A request as a receiver saw it.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) head: String,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.head.lines().find_map(|l| l.strip_prefix(name)?.strip_prefix(": ")).unwrap()
    }
}

type Behave = dyn Fn(&Seen) -> Option<String> + Send + Sync;

/// A webhook receiver that answers by `behave`; none: never.
pub(crate) struct Receiver {
    pub(crate) url: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Receiver {
    pub(crate) async fn start(behave: impl Fn(&Seen) -> Option<String> + Send + Sync + 'static) -> Self {
        Self::start_at("127.0.0.1", behave).await
    }

    /// At another address of this machine: for what is limited by host.
    pub(crate) async fn start_at(
        host: &str,
        behave: impl Fn(&Seen) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        let behave: Arc<Behave> = Arc::new(behave);
        let listener = TcpListener::bind((host, 0)).await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        let seen = Arc::new(Mutex::new(Vec::new()));
        let all = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, behave.clone(), all.clone()));
            }
        });
        Self { url, seen }
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }
}

async fn serve(mut stream: TcpStream, behave: Arc<Behave>, all: Arc<Mutex<Vec<Seen>>>) {
    let mut bytes = Vec::new();
    let mut buf = [0; 16 * 1024];
    loop {
        let n = stream.read(&mut buf).await.unwrap_or(0);
        bytes.extend_from_slice(&buf[..n]);
        let text = String::from_utf8_lossy(&bytes);
        let whole = text.split_once("\r\n\r\n").filter(|(head, body)| {
            let length =
                head.lines().find_map(|l| l.strip_prefix("content-length: ")).and_then(|l| l.parse().ok());
            length.is_some_and(|l: usize| body.len() >= l)
        });
        if let Some((head, body)) = whole {
            let seen = Seen { head: head.into(), body: body.into(), at: Instant::now() };
            let answer = behave(&seen);
            all.lock().unwrap().push(seen);
            match answer {
                Some(answer) => drop(stream.write_all(answer.as_bytes()).await),
                None => tokio::time::sleep(Duration::from_secs(60)).await,
            }
            return;
        }
        if n == 0 {
            return;
        }
    }
}

pub(crate) fn reply(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

/// Echoes challenges and takes everything else.
pub(crate) fn willing(seen: &Seen) -> Option<String> {
    Some(reply("200 OK", &seen.body))
}

/// Waits for something that happens at the edge of the process.
pub(crate) async fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(15);
    while !is_so() {
        assert!(Instant::now() < deadline, "{what} did not happen");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

/// Runs a test on both engines against a [`Bench`].
macro_rules! on_both {
    ($( async fn $name:ident($bench:ident) $body:block )*) => { $(
        mod $name {
            use super::*;

            async fn body($bench: &Bench) $body

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn sqlite() {
                let bench = Bench::start(store::Engine::Sqlite).await;
                body(&bench).await;
                bench.end().await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn postgres() {
                let bench = Bench::start(store::Engine::Postgres).await;
                body(&bench).await;
                bench.end().await;
            }
        }
    )* };
}
pub(crate) use on_both;
