//! Which words a text contains: the sound prefilter that decides which files are parsed.
//!
//! A reference to a symbol has to spell one of the symbol's names, so a file without the word cannot refer to it. The set is a Bloom
//! filter (Bloom 1970) of hashes: it says yes too often, which costs a parse, and never no wrongly. Identifiers are compared as
//! Python compares them, in normalisation form KC (language reference, 2.3), so a name spelled with other code points is found too.

use unicode_normalization::UnicodeNormalization;

/// The words of one text.
#[derive(Clone, Debug)]
pub enum Words {
    /// A bit set, its size in bits a power of two; two bits are set for each word.
    Known(Box<[u64]>),
    /// The text could not be read: it may contain anything.
    Unknown,
}

/// A word to look for.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Word(u64);

/// One bit for each byte of text: a tenth of the words of a text differ, so about one word in two thousand is found wrongly.
const BITS: std::ops::RangeInclusive<usize> = 1 << 10..=1 << 20;

impl Word {
    /// What every text with a relative import contains: `from` followed by a dot.
    pub fn relative_import() -> Self {
        Self::hashed(b"from .")
    }

    /// The word for an identifier.
    pub fn new(identifier: &str) -> Self {
        match identifier.is_ascii() {
            true => Self::hashed(identifier.as_bytes()),
            false => Self::hashed(identifier.nfkc().collect::<String>().as_bytes()),
        }
    }

    fn hashed(bytes: &[u8]) -> Self {
        Self(bytes.iter().fold(START, |hash, &byte| step(hash, byte)))
    }

    /// The two bits of the word in a set of so many bits.
    fn bits(self, size: usize) -> [usize; 2] {
        let mixed = self.0 ^ (self.0 >> 32);
        let mask = size as u64 - 1;
        [(mixed & mask) as usize, ((mixed >> 20).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40 & mask) as usize]
    }
}

/// FNV-1a, 64 bits (Fowler, Noll and Vo; RFC 9923): one multiplication a byte, computed while the text is read.
const START: u64 = 0xcbf2_9ce4_8422_2325;

fn step(hash: u64, byte: u8) -> u64 {
    (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
}

/// What a byte is to a word.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Other,
    Word,
    /// Part of a character beyond ASCII.
    Wide,
}

const CLASSES: [Class; 256] = {
    let mut classes = [Class::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        if byte >= 128 {
            classes[byte] = Class::Wide;
        } else if (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_' {
            classes[byte] = Class::Word;
        }
        byte += 1;
    }
    classes
};

impl Words {
    /// Collects the words of a text.
    pub fn of(text: &[u8]) -> Self {
        let size = text.len().next_power_of_two().clamp(*BITS.start(), *BITS.end());
        let mut set = vec![0; size / 64].into_boxed_slice();
        let mut add = |word: Word| {
            for bit in word.bits(size) {
                set[bit / 64] |= 1u64 << (bit % 64);
            }
        };
        let mut at = 0;
        while at < text.len() {
            let start = at;
            let mut hash = START;
            while at < text.len() && CLASSES[text[at] as usize] == Class::Word {
                hash = step(hash, text[at]);
                at += 1;
            }
            if at < text.len() && CLASSES[text[at] as usize] == Class::Wide {
                // Letters and signs beyond ASCII: cut at what cannot be part of an identifier.
                let length = text[start..].iter().take_while(|&&byte| CLASSES[byte as usize] != Class::Other).count();
                let run = String::from_utf8_lossy(&text[start..start + length]);
                for word in run.split(|c| !(c == '_' || unicode_ident::is_xid_continue(c))) {
                    add(Word::new(word));
                }
                at = start + length;
                continue;
            }
            if at > start {
                add(Word(hash));
            } else {
                at += 1;
            }
        }
        if has_relative_import(text) {
            add(Word::relative_import());
        }
        Self::Known(set)
    }

    /// Whether the text may contain the word.
    pub fn may_contain(&self, word: Word) -> bool {
        match self {
            Words::Known(set) => word.bits(set.len() * 64).iter().all(|bit| set[bit / 64] & 1 << (bit % 64) != 0),
            Words::Unknown => true,
        }
    }
}

fn has_relative_import(text: &[u8]) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\x0c' | b'\\' | b'\n' | b'\r');
    memchr::memmem::find_iter(text, b"from").any(|at| text[at + 4..].iter().find(|byte| !is_blank(byte)) == Some(&b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_identifiers_in_code_strings_and_comments() {
        let words = Words::of("from a.b import Old as _x1  # see “Older”, nah\ncall('pkg.Mod:attr')\nŒuvre\n".as_bytes());
        for word in ["from", "a", "Old", "_x1", "Older", "pkg", "Mod", "attr", "Œuvre"] {
            assert!(words.may_contain(Word::new(word)), "{word}");
        }
        for word in ["Ol", "x1", "Mod:attr", "Oeuvre", "ode"] {
            assert!(!words.may_contain(Word::new(word)), "{word}");
        }
    }

    #[test]
    fn few_words_are_found_that_are_not_there() {
        let text: String = (0..2000).map(|at| format!("name_{at} = call(argument)\n")).collect();
        let words = Words::of(text.as_bytes());
        assert!((0..2000).all(|at| words.may_contain(Word::new(&format!("name_{at}")))));
        let wrong = (0..2000).filter(|at| words.may_contain(Word::new(&format!("other_{at}")))).count();
        assert!(wrong < 20, "{wrong} of 2000");
    }

    #[test]
    fn bytes_that_are_not_utf8_end() {
        let words = Words::of(b"caf\xe9 Old \xff\xfe\x80Next");
        assert!(words.may_contain(Word::new("Old")));
    }

    #[test]
    fn relative_imports_are_noticed() {
        for text in ["from . import x", "from.a import b", "from \\\n  ..a import b"] {
            assert!(Words::of(text.as_bytes()).may_contain(Word::relative_import()), "{text}");
        }
        assert!(!Words::of(b"from a.b import c").may_contain(Word::relative_import()));
    }

    #[test]
    fn other_code_points_of_the_same_identifier_are_found() {
        // Python reads both as `file`: U+FB01 is the ligature fi.
        assert!(Words::of("x = \u{fb01}le\n".as_bytes()).may_contain(Word::new("file")));
        assert!(Words::Unknown.may_contain(Word::new("anything")));
    }
}
