//! Raw bytes as a source of choices: what each body makes of the input that a fuzzer gives it.

/// Bytes that are taken one after the other; zeros when there are no more.
pub struct Input<'d>(pub &'d [u8]);

impl<'d> Input<'d> {
    /// A number below `limit`; 0 where that is 0.
    pub fn below(&mut self, limit: usize) -> usize {
        let Some((&byte, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        // Two bytes where one does not reach.
        let (number, rest) = match rest.split_first() {
            Some((&low, rest)) if limit > 256 => (usize::from(byte) << 8 | usize::from(low), rest),
            _ => (usize::from(byte), rest),
        };
        self.0 = rest;
        number.checked_rem(limit).unwrap_or_default()
    }

    /// The bytes up to the next one that separates parts (0xff, which no UTF-8 text has), or all of them.
    pub fn part(&mut self) -> &'d [u8] {
        let at = self.0.iter().position(|&byte| byte == 0xff);
        let (part, rest) = match at {
            Some(at) => (&self.0[..at], &self.0[at + 1..]),
            None => (self.0, &self.0[..0]),
        };
        self.0 = rest;
        part
    }

    /// The next part as a text.
    pub fn text(&mut self) -> String {
        String::from_utf8_lossy(self.part()).into_owned()
    }
}

/// The character boundary of a text at an offset or before it.
pub fn boundary(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default()
}
