//! Threads for work that gives way: whoever reads the page or leads an incident comes first.

use tokio::{runtime::Handle, sync::oneshot};

/// How many threads some work gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threads {
    /// One does everything: best for many short turns, none of which wakes another thread.
    One,
    /// Two, so that a long turn delays nobody.
    Two,
}

/// How far some work gives way: niceness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Of a busy core it gets about a tenth.
    Wide = 10,
    /// About a third: what must follow within seconds.
    Some = 3,
    /// A hundredth, the least that nice(2) knows: what nobody waits for.
    All = 19,
}

/// For the calling thread and those that it starts: it answers visitors, and runs as soon as one is there.
pub fn come_soon() {
    if let Err(error) = timeslice::ask_for(Some(timeslice::SHORT)) {
        tracing::debug!(%error, "visitors' threads wait for their turn as any other");
    }
}

/// For the calling thread and those that it starts. Turns become as long as usual again: whoever starts it may have asked
/// for short ones.
pub(crate) fn give_way(way: Way) {
    #[cfg(target_os = "linux")]
    if let Err(error) = rustix::process::setpriority_process(None, way as i32) {
        tracing::debug!(%error, "the background keeps the priority of the rest");
    }
    if let Err(error) = timeslice::ask_for(None) {
        tracing::debug!(%error, way = ?way, "the background keeps the turns of the rest");
    }
}

fn runtime(name: &'static str, threads: Threads, way: Way) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = match threads {
        Threads::One => tokio::runtime::Builder::new_current_thread(),
        Threads::Two => tokio::runtime::Builder::new_multi_thread(),
    };
    if threads == Threads::Two {
        builder.worker_threads(2);
    }
    builder.thread_name(name).on_thread_start(move || give_way(way)).enable_all().build()
}

/// Runs a future on threads of its own that give way, to its end.
pub async fn run<F>(name: &'static str, threads: Threads, way: Way, work: F)
where
    F: Future<Output = ()> + Send + 'static,
{
    let (ended, end) = oneshot::channel::<()>();
    let body = move || {
        give_way(way);
        match runtime(name, threads, way) {
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

/// Threads of their own for tasks that others bring. They end when this is dropped, and with them what still runs there;
/// database connections that were opened there live no longer.
#[derive(Debug)]
pub struct Quarters {
    handle: Handle,
    _end: oneshot::Sender<()>,
}

impl Quarters {
    /// Starts the threads.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn open(name: &'static str, threads: Threads, way: Way) -> std::io::Result<Self> {
        let runtime = runtime(name, threads, way)?;
        let handle = runtime.handle().clone();
        let (end, ended) = oneshot::channel::<()>();
        let body = move || {
            give_way(way);
            let _ = runtime.block_on(ended);
            runtime.shutdown_background();
        };
        std::thread::Builder::new().name(name.to_owned()).spawn(body)?;
        Ok(Self { handle, _end: end })
    }

    /// Where tasks are brought.
    #[must_use]
    pub fn handle(&self) -> Handle {
        self.handle.clone()
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn what_a_visitors_thread_starts_has_usual_turns_again() {
        let usual = timeslice::length();
        let visitors = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .on_thread_start(come_soon)
            .build()
            .unwrap();
        let turns = async {
            let (tell, told) = oneshot::channel();
            let own = timeslice::length();
            let work = async move {
                let _gone = tell.send(timeslice::length());
            };
            run("test", Threads::One, Way::Some, work).await;
            (own, told.await.unwrap())
        };
        let (own, started) = visitors.block_on(async { tokio::spawn(turns).await.unwrap() });
        // A kernel before 6.12 knows only the usual ones, and a sandbox may forbid to ask.
        if let (Ok(usual), Ok(own), Ok(started)) = (usual, own, started) {
            let can_ask = std::thread::spawn(|| {
                timeslice::ask_for(Some(timeslice::SHORT)).is_ok()
                    && timeslice::length().is_ok_and(|length| length == timeslice::SHORT)
            });
            let expected = if can_ask.join().unwrap() { timeslice::SHORT } else { usual };
            assert_eq!((own, started), (expected, usual));
        }
    }
}
