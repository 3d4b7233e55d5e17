//! Threads for work that gives way: whoever reads the page or leads an incident comes first.

use tokio::sync::oneshot;

/// How many threads some work gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// One does everything: best for many short turns, none of which wakes another thread.
    One,
    /// Two, so that a long turn delays nobody.
    Two,
}

/// Niceness: of a busy core the background gets about a tenth.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

fn give_way() {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, NICE) {
        tracing::debug!(%error, "the background keeps the priority of the rest");
    }
}

fn runtime(name: &'static str, threads: Threads) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match threads {
        Threads::One => tokio::runtime::Builder::new_current_thread(),
        Threads::Two => tokio::runtime::Builder::new_multi_thread(),
    };
    if threads == Threads::Two {
        builder.worker_threads(2);
    }
    builder.thread_name(name).on_thread_start(give_way).enable_all().build()
}

/// Runs a future on threads of its own that give way, to its end.
pub async fn run<F>(name: &'static str, threads: Threads, work: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (ended, end) = oneshot::channel::<()>();
    let body = move || {
        give_way();
        match runtime(name, threads) {
            Ok(runtime) => runtime.block_on(work),
            Err(error) => tracing::error!(%error, name, "the background did not start"),
        }
        drop(ended);
    };
    if let Err(error) = std::thread::Builder::new().name(name.to_owned()).spawn(body) {
        tracing::error!(%error, name, "the background did not start");
        return;
    }
    let _ = end.await;
}
