//! A line on stderr that says what is being done: only on a terminal, and only when it takes more than a second.

use std::io::Write;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::plan::build::Progress;

/// How long nothing is shown.
const PATIENCE: Duration = Duration::from_secs(1);
/// How often the line is written anew.
const INTERVAL: Duration = Duration::from_millis(200);

/// Shows what is being done until it is dropped.
pub(super) struct Ticker {
    doing: Arc<Mutex<String>>,
    /// Held while the line must not be there.
    quiet: Arc<Mutex<()>>,
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Ticker {
    pub fn start() -> Self {
        let doing = Arc::new(Mutex::new(String::new()));
        let quiet = Arc::new(Mutex::new(()));
        if !super::is_clever() {
            return Self { doing, quiet, stop: None, thread: None };
        }
        let (stop, stopped) = channel();
        let (shown, hushed) = (doing.clone(), quiet.clone());
        let thread = std::thread::spawn(move || {
            let start = Instant::now();
            let mut wait = PATIENCE;
            let mut has_shown = false;
            while let Err(RecvTimeoutError::Timeout) = stopped.recv_timeout(wait) {
                let Ok(_free) = hushed.try_lock() else { continue };
                let what = shown.lock().map(|what| what.clone()).unwrap_or_default();
                super::say_raw(&format!("\r\x1b[K{what} ({} s)", start.elapsed().as_secs()));
                let _ = std::io::stderr().flush();
                has_shown = true;
                wait = INTERVAL;
            }
            if has_shown {
                super::say_raw("\r\x1b[K");
            }
        });
        Self { doing, quiet, stop: Some(stop), thread: Some(thread) }
    }

    /// Takes the line away, and keeps it away as long as what is returned lives.
    pub fn hush(&self) -> Option<MutexGuard<'_, ()>> {
        let hushed = self.quiet.lock().ok();
        if self.thread.is_some() {
            super::say_raw("\r\x1b[K");
        }
        hushed
    }
}

impl Progress for Ticker {
    fn doing(&self, what: &str) {
        if let Ok(mut doing) = self.doing.lock() {
            what.clone_into(&mut doing);
        }
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
