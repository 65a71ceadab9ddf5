//! Byte ranges of one file, and the lines and columns they stand on.

use std::ops::Range;

/// A half-open range of bytes, `start..end`, of one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The first byte.
    pub start: u32,
    /// The byte after the last.
    pub end: u32,
}

impl Span {
    /// Returns the span `start..end`. A start behind the end gives the empty span at `start`.
    pub fn new(start: u32, end: u32) -> Self {
        Self { start, end: end.max(start) }
    }

    /// Returns the empty span at an offset.
    pub fn at(offset: u32) -> Self {
        Self { start: offset, end: offset }
    }

    /// The range to index a byte slice with.
    pub fn range(self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// The number of bytes.
    pub fn len(self) -> u32 {
        self.end - self.start
    }

    /// Whether the span holds no byte.
    pub fn is_empty(self) -> bool {
        self.start == self.end
    }

    /// Whether every byte of `other` lies in this span.
    pub fn covers(self, other: Span) -> bool {
        self.start <= other.start && other.end <= self.end
    }

    /// Whether the two spans share a byte.
    pub fn intersects(self, other: Span) -> bool {
        self.start < other.end && other.start < self.end
    }
}

/// A position that people read: a line counted from 1, a column counted in UTF-8 bytes from 0.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The bytes before the position on its line.
    pub column: u32,
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Where the lines of one text start.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Box<[u32]>,
}

impl LineIndex {
    /// Finds the line starts. A line ends with LF, CRLF or a lone CR, as Python counts lines; a byte order mark stands before
    /// the first.
    pub fn new(text: &[u8]) -> Self {
        let mut starts = vec![if text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() as u32 } else { 0 }];
        for (at, &byte) in text.iter().enumerate() {
            if byte == b'\n' || (byte == b'\r' && text.get(at + 1) != Some(&b'\n')) {
                starts.push(at as u32 + 1);
            }
        }
        Self { starts: starts.into() }
    }

    /// The offset of the first byte of a line, counted from 1; the last line's for one that is not there.
    pub fn start(&self, line: u32) -> u32 {
        self.starts[(line.max(1) as usize).min(self.starts.len()) - 1]
    }

    /// The position of a byte offset.
    pub fn position(&self, offset: u32) -> Position {
        let line = self.starts.partition_point(|&start| start <= offset).max(1);
        Position { line: line as u32, column: offset.saturating_sub(self.starts[line - 1]) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_ending_counts_once() {
        let index = LineIndex::new(b"a\nb\r\nc\rd");
        let lines: Vec<u32> = (0..8).map(|offset| index.position(offset).line).collect();
        assert_eq!(lines, [1, 1, 2, 2, 2, 3, 3, 4]);
        assert_eq!(index.position(7), Position { line: 4, column: 0 });
        assert_eq!([0, 1, 2, 3, 4, 5].map(|line| index.start(line)), [0, 0, 2, 5, 7, 7]);
    }

    #[test]
    fn a_byte_order_mark_takes_no_column() {
        let index = LineIndex::new(b"\xef\xbb\xbfab\nc");
        let positions = [0, 3, 4, 6].map(|offset| index.position(offset));
        assert_eq!(positions.map(|position| (position.line, position.column)), [(1, 0), (1, 0), (1, 1), (2, 0)]);
    }
}
