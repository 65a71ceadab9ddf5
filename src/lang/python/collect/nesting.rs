//! How deep a text is nested at most, told without parsing it: the parser and every walk over its tree go down once a level.
//!
//! CPython compiles nothing that comes near the limit: 200 brackets, 100 indentations and some thousand operators in a row are too much
//! for it. The count is by tokens and errs upwards.

/// No program has more levels.
pub(super) const MOST: usize = 5_000;

/// What one level takes on the stack at most, in bytes.
const LEVEL: usize = 8 * 1024;

/// The stack in bytes that suffices to parse a text; `None` where it is nested too deeply.
pub(super) fn stack(text: &str) -> Option<usize> {
    // A level takes a byte.
    let depth = if text.len() <= 16 { text.len() } else { depth(text.as_bytes()) };
    (depth <= MOST).then_some(512 * 1024 + depth * LEVEL)
}

/// What is open at a place, from the outside in.
enum Open {
    /// A bracket; the level that it stands on.
    Bracket(usize),
    /// A field of an f-string; the level that it stands on.
    Field(usize),
    /// What stands behind the colon of a field, which is text.
    Spec,
    /// An f-string, with the quotes that end it.
    Text(u8, bool),
}

/// No expression or statement of the text is nested deeper.
fn depth(text: &[u8]) -> usize {
    let mut scan = Scan { text, at: 0, depth: 0, indent: 0, deepest: 0, open: Vec::new() };
    while scan.at < text.len() && scan.deepest <= MOST {
        match scan.open.last() {
            Some(Open::Text(..) | Open::Spec) => scan.text(),
            _ => scan.code(),
        }
    }
    scan.deepest
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
    depth: usize,
    /// The blanks that the statement's first line begins with.
    indent: usize,
    deepest: usize,
    open: Vec<Open>,
}

impl Scan<'_> {
    /// Passes one token of code.
    fn code(&mut self) {
        let byte = self.text[self.at];
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' | 0x80.. => return self.word(),
            b'"' | b'\'' => return self.string(false),
            b'#' => return self.at = memchr::memchr(b'\n', &self.text[self.at..]).map_or(self.text.len(), |end| self.at + end),
            // What follows does not end the line.
            b'\\' => self.at += 1,
            b'(' | b'[' | b'{' => {
                self.open.push(Open::Bracket(self.depth));
                self.deeper();
            }
            b')' | b']' | b'}' => self.close(byte),
            b',' | b';' => self.depth = self.ground(),
            b'\n' | b'\r' if self.open.is_empty() => self.line(),
            b':' if matches!(self.open.last(), Some(Open::Field(_))) => self.open.push(Open::Spec),
            b'.' | b'+' | b'-' | b'*' | b'/' | b'%' | b'@' | b'&' | b'|' | b'^' | b'~' => self.deeper(),
            _ => {}
        }
        self.at += 1;
    }

    fn deeper(&mut self) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
    }

    /// The level on which the next element or statement begins.
    fn ground(&self) -> usize {
        match self.open.last() {
            Some(Open::Bracket(before) | Open::Field(before)) => before + 1,
            _ => self.indent,
        }
    }

    /// A bracket that closes. What it closes is one level of what comes behind: `f()()()`.
    fn close(&mut self, byte: u8) {
        match self.open.pop() {
            Some(Open::Bracket(before)) => self.depth = before + 1,
            Some(Open::Field(before)) if byte == b'}' => self.depth = before,
            Some(other) => self.open.push(other),
            None => {}
        }
    }

    fn line(&mut self) {
        let rest = &self.text[self.at + 1..];
        self.indent = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        self.depth = self.indent;
        // Blanks that nothing follows open no block.
        if rest.get(self.indent).is_some_and(|byte| !matches!(byte, b'\n' | b'\r' | b'#')) {
            self.deepest = self.deepest.max(self.depth);
        }
    }

    /// A word: a prefix of a string, a keyword or a name.
    fn word(&mut self) {
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80;
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let word = &rest[..end];
        self.at += end;
        let is_prefix = end <= 2 && matches!(rest.get(end), Some(b'"' | b'\''));
        if is_prefix {
            return self.string(word.iter().any(|letter| matches!(letter, b'f' | b'F' | b't' | b'T')));
        }
        if matches!(word, b"not" | b"lambda" | b"await" | b"else" | b"yield") {
            self.deeper();
        }
    }

    /// A string, from its first quote.
    fn string(&mut self, has_fields: bool) {
        let quote = self.text[self.at];
        let is_triple = self.text[self.at..].starts_with(&[quote; 3]);
        self.at += if is_triple { 3 } else { 1 };
        self.open.push(Open::Text(quote, is_triple));
        if has_fields {
            return self.deeper();
        }
        let inside = self.open.len();
        while self.at < self.text.len() && self.open.len() == inside {
            self.character(quote, is_triple);
        }
    }

    /// Passes one character of a string, or what ends it.
    fn character(&mut self, quote: u8, is_triple: bool) {
        match self.text[self.at] {
            b'\\' => self.at += 2,
            b'\n' if !is_triple => drop(self.open.pop()),
            byte if byte == quote && (!is_triple || self.text[self.at..].starts_with(&[quote; 3])) => {
                self.at += if is_triple { 3 } else { 1 };
                self.open.pop();
            }
            _ => self.at += 1,
        }
    }

    /// Passes one character of an f-string.
    fn text(&mut self) {
        let is_doubled = self.text.get(self.at + 1) == Some(&b'{');
        match (self.text[self.at], self.open.last()) {
            (b'{', Some(Open::Text(..))) if is_doubled => self.at += 2,
            (b'{', _) => {
                self.open.push(Open::Field(self.depth));
                self.deeper();
                self.at += 1;
            }
            // The field ends with its specification.
            (b'}', Some(Open::Spec)) => drop(self.open.pop()),
            // One line's f-string ends with the line, whatever it has open.
            (b'\n', Some(Open::Spec)) => drop(self.open.pop()),
            (_, Some(&Open::Text(quote, is_triple))) => self.character(quote, is_triple),
            _ => self.at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deep(text: &str) -> usize {
        depth(text.as_bytes())
    }

    #[test]
    fn what_stands_side_by_side_is_not_deep() {
        for text in [
            "f(1, 2 + 3, [4, 5])\n".repeat(10_000),
            format!("x = [{}]\n", "(1.5, -2), ".repeat(10_000)),
            format!("x = {{{}}}\n", "'a.b': f(c), ".repeat(10_000)),
            format!("'''{}'''\n", "((( a.b + - f{ ".repeat(10_000)),
            format!("# {}\n", "(".repeat(10_000)),
            format!("x = f'''{}'''\n", "(.{a:'>10}-{{ {b!r}\n".repeat(10_000)),
            format!("x = ({})\n", "'a' 'b'\n".repeat(10_000)),
            "if a:\n    x = 'it\\'s'\n".repeat(10_000),
            "f'{a['b']}'; f\"{x:{w}}\"\n".repeat(10_000),
            format!("x = 1\n{}\n{}# x\ny = 2\n", " ".repeat(10_000), " ".repeat(10_000)),
        ] {
            assert!(deep(&text) < 40, "{}: {}", &text[..20], deep(&text));
            assert!(stack(&text).is_some());
        }
    }

    #[test]
    fn every_kind_of_nesting_is_counted() {
        let many = |text: &str| text.repeat(6_000);
        for text in [
            many("("),
            many("["),
            many("{1:"),
            many("not "),
            many("-"),
            many("lambda: "),
            many("1 if 1 else "),
            format!("a{}", many(".b")),
            format!("a{}", many("()")),
            format!("a{}", many("[0]")),
            many("1 + "),
            many("await "),
            many("f'{"),
            many("f\"{f'{"),
            format!("f'{{{}", many("(")),
            format!("f'{{1:{}", many("{1:")),
            format!("x = (\n{}", many("a.b +\n")),
            format!("x = 1{}", many(" \\\n + 1")),
            format!("{}pass", many(" ")) + "\n" + &many(" ") + "x",
        ] {
            assert!(stack(&text).is_none(), "{}", &text[..20]);
        }
    }
}
