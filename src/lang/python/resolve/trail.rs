//! The way followed so far, and what one question has found out on its ways.
//!
//! Where each module of a chain binds a name twice, the ways double with every module. What a symbol means behind one way is what it
//! means behind another, as long as no symbol asked about lies on one of the two ways only (that would be a cycle there) and none
//! of the two grows too long: so it is followed once, and recalled.

use std::cell::{Cell, RefCell};
use std::ops::{Deref, DerefMut};
use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{End, LONGEST_CHAIN, Resolution, Symbol};

/// How often symbols are followed anew, or ways are written out anew, for one question. Only the number of symbols limits how many
/// are followed once.
const MOST_REPEATS: usize = 10_000;

/// The symbols passed on a way, and what all ways of the same question have shown.
#[derive(Clone, Default)]
pub(super) struct Trail {
    pub(super) passed: Vec<Symbol>,
    question: Rc<Question>,
}

/// What is known of one question.
#[derive(Default)]
struct Question {
    /// Whether the way has forked. Before that, nothing can come again.
    has_forked: Cell<bool>,
    repeats: Cell<usize>,
    asked_in_all: Cell<usize>,
    /// The longest way on which a symbol was asked about, since the start of the symbol that is being followed.
    longest: Cell<usize>,
    /// The numbers of the symbols that have been asked about.
    numbers: RefCell<FxHashMap<Symbol, usize>>,
    /// The symbols asked about, those of the symbol that is being followed last.
    asked: RefCell<Vec<usize>>,
    known: RefCell<FxHashMap<Symbol, Vec<Known>>>,
}

/// What a symbol means behind one way.
struct Known {
    behind: Vec<Symbol>,
    /// The symbols asked about.
    asked: Vec<usize>,
    /// Which of them lie on that way.
    met: Vec<Bits>,
    /// How much longer than that way the longest one was on which a symbol was asked about.
    longest: usize,
    hops: Vec<Symbol>,
    end: End,
}

/// Symbols asked about with numbers that lie next to one another, one bit each.
struct Bits {
    word: usize,
    asked: u64,
    met: u64,
}

/// Where a symbol began to be followed.
pub(super) struct Start {
    passed: usize,
    asked: usize,
    longest: usize,
}

impl Known {
    /// Whether the symbol means the same behind another way: each question whether a symbol has been passed has the same answer.
    fn holds_behind(&self, length: usize, passed: &[u64]) -> bool {
        let is_as_long = length == self.behind.len() || length.max(self.behind.len()) + self.longest < LONGEST_CHAIN;
        is_as_long && self.met.iter().all(|bits| passed[bits.word] & bits.asked == bits.met)
    }
}

impl Question {
    fn number(&self, symbol: &Symbol) -> usize {
        let mut numbers = self.numbers.borrow_mut();
        let next = numbers.len();
        *numbers.entry(symbol.clone()).or_insert(next)
    }

    /// One bit for each symbol that has a number: whether it is one of these.
    fn bits(&self, passed: &[Symbol]) -> Vec<u64> {
        let numbers = self.numbers.borrow();
        let mut bits = vec![0; numbers.len() / 64 + 1];
        for number in passed.iter().filter_map(|symbol| numbers.get(symbol)) {
            bits[number / 64] |= 1 << (number % 64);
        }
        bits
    }
}

/// Which of the symbols with these numbers, in order, are among those passed.
fn met(asked: &[usize], passed: &[u64]) -> Vec<Bits> {
    let words = asked.chunk_by(|a, b| a / 64 == b / 64);
    let bits = |numbers: &[usize]| {
        let word = numbers[0] / 64;
        let asked = numbers.iter().fold(0, |bits, number| bits | 1 << (number % 64));
        Bits { word, asked, met: asked & passed[word] }
    };
    words.map(bits).collect()
}

impl Deref for Trail {
    type Target = Vec<Symbol>;

    fn deref(&self) -> &Vec<Symbol> {
        &self.passed
    }
}

impl DerefMut for Trail {
    fn deref_mut(&mut self) -> &mut Vec<Symbol> {
        &mut self.passed
    }
}

impl Trail {
    /// Begins a question of its own.
    pub(super) fn begin(&mut self) {
        self.question = Rc::default();
    }

    /// The symbols behind those that it started after.
    pub(super) fn behind(&mut self, passed: &Trail) -> Vec<Symbol> {
        let start = passed.len().min(self.passed.len());
        self.passed.split_off(start)
    }

    /// Says that several ways lead on from here.
    pub(super) fn fork(&self) {
        self.question.has_forked.set(true);
    }

    /// How many symbols have been asked about, each as often as it was.
    pub(super) fn asked(&self) -> usize {
        self.question.asked_in_all.get()
    }

    /// Whether too much has been followed more than once: then nothing that was found is an answer.
    pub(super) fn is_spent(&self) -> bool {
        self.question.repeats.get() > MOST_REPEATS
    }

    fn repeat(&self) {
        self.question.repeats.set(self.question.repeats.get() + 1);
    }

    /// Whether a symbol cannot be followed from here, because it has been passed or the way is too long.
    pub(super) fn is_closed(&self, symbol: &Symbol) -> bool {
        let question = &self.question;
        question.asked_in_all.set(question.asked_in_all.get() + 1);
        question.asked.borrow_mut().push(question.number(symbol));
        if self.contains(symbol) {
            return true;
        }
        question.longest.set(question.longest.get().max(self.len()));
        self.len() >= LONGEST_CHAIN
    }

    /// What is known of a symbol, with the way to it added.
    pub(super) fn recall(&mut self, symbol: &Symbol) -> Option<End> {
        #[cfg(test)]
        if FORGETS.get() {
            return None;
        }
        let question = Rc::clone(&self.question);
        let known = question.known.borrow();
        let known = known.get(symbol)?;
        let passed = question.bits(&self.passed);
        let Some(found) = known.iter().find(|known| known.holds_behind(self.len(), &passed)) else {
            self.repeat();
            return None;
        };
        question.asked.borrow_mut().extend_from_slice(&found.asked);
        question.longest.set(question.longest.get().max(self.len() + found.longest));
        let end = match found.behind == self.passed {
            true => found.end.clone(),
            false => self.put_behind(&found.end, found.behind.len()),
        };
        self.passed.extend_from_slice(&found.hops);
        Some(end)
    }

    /// The same end behind this way; the ways in it are written from their start on.
    fn put_behind(&self, end: &End, start: usize) -> End {
        let End::Ambiguous(ways) = end else { return end.clone() };
        let put = |way: &Resolution| {
            self.repeat();
            let hops = self.passed.iter().chain(&way.hops[start..]).cloned().collect();
            (!self.is_spent()).then(|| Resolution { hops, end: self.put_behind(&way.end, start) })
        };
        ways.iter().map(put).collect::<Option<_>>().map_or(End::Dynamic, End::Ambiguous)
    }

    /// Begins to follow a symbol, which comes behind all those passed.
    pub(super) fn enter(&mut self, symbol: &Symbol) -> Start {
        let asked = self.question.asked.borrow().len().saturating_sub(1);
        let start = Start { passed: self.len(), asked, longest: self.question.longest.replace(self.len()) };
        self.passed.push(symbol.clone());
        start
    }

    /// Keeps what was found by following a symbol.
    pub(super) fn leave(&self, start: Start, symbol: &Symbol, end: &End) {
        let question = &self.question;
        let longest = question.longest.get();
        question.longest.set(start.longest.max(longest));
        if !question.has_forked.get() || self.is_spent() {
            return;
        }
        let (behind, hops) = self.passed.split_at(start.passed);
        let mut all = question.asked.borrow_mut();
        let mut asked = all.split_off(start.asked);
        asked.sort_unstable();
        asked.dedup();
        all.extend_from_slice(&asked);
        let known = Known {
            behind: behind.to_vec(),
            met: met(&asked, &question.bits(behind)),
            asked,
            longest: longest - start.passed,
            hops: hops.to_vec(),
            end: end.clone(),
        };
        let mut all = question.known.borrow_mut();
        let alike = all.entry(symbol.clone()).or_default();
        if alike.len() < LONGEST_CHAIN {
            alike.push(known);
        }
    }
}

#[cfg(test)]
thread_local! {
    /// Whether nothing is recalled, so that a test can follow each way to its end.
    pub(super) static FORGETS: Cell<bool> = const { Cell::new(false) };
}
