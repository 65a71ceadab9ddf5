//! How much stack a text needs: oxc's parser goes down once for every bracket, prefix and arrow that is open.

/// The stack that any file gets, in bytes.
const USUAL: usize = 2 * 1024 * 1024;

/// The most that one gets.
const MOST: usize = 1024 * 1024 * 1024;

/// What one level takes at most.
const LEVEL: usize = if cfg!(debug_assertions) { 24 * 1024 } else { 6 * 1024 };

/// The stack in bytes that suffices to parse a text; `None` where that is more than there is.
pub(super) fn stack(text: &str) -> Option<usize> {
    let size = USUAL + depth(text) * LEVEL;
    (size <= MOST).then_some(size)
}

/// No expression or statement of the text is nested deeper: every bracket, prefix, arrow, `?`, and keyword that takes a statement since its
/// statement or element began may be a level of its own. Those in strings and comments are counted as well, which at worst asks for too
/// much.
fn depth(text: &str) -> usize {
    let text = text.as_bytes();
    let (mut depth, mut deepest) = (0usize, 0usize);
    let mut around: Vec<usize> = Vec::new();
    let mut word: Option<(usize, usize)> = None;
    // What stands before the place: the last byte, whether a line has ended since, whether what it ends may go on with a statement.
    let (mut last, mut is_new_line, mut goes_on) = (b';', false, false);
    for (at, &byte) in text.iter().enumerate() {
        if is_name(byte) {
            if word.is_none() {
                word = Some((at, depth));
                let ends = is_name(last) || matches!(last, b']' | b'}' | b')' | b'"' | b'\'' | b'`');
                if is_new_line && ends && !goes_on {
                    depth = around.last().map_or(0, |before| before + 1);
                }
            }
            (last, is_new_line) = (byte, false);
            continue;
        }
        if let Some((start, before)) = word.take() {
            let word = &text[start..at];
            goes_on |= matches!(word, b"if" | b"for" | b"while" | b"with" | b"else" | b"do");
            depth = if word == b"else" { before + 1 } else { depth + usize::from(is_prefix(word)) };
            // An operand follows, on whichever line.
            last = if is_prefix(word) { b'!' } else { last };
        }
        match byte {
            b'(' | b'[' | b'{' => {
                around.push(depth);
                depth += 1;
            }
            b')' | b']' | b'}' => depth = around.pop().unwrap_or(depth),
            b';' | b',' => depth = around.last().map_or(0, |before| before + 1),
            b'<' | b'!' | b'~' | b'-' | b'+' | b'=' | b'?' | b':' | b'*' => depth += 1,
            _ => {}
        }
        goes_on &= !matches!(byte, b';' | b'}' | b'{');
        is_new_line |= byte == b'\n';
        last = if byte.is_ascii_whitespace() { last } else { byte };
        deepest = deepest.max(depth);
    }
    deepest
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$' || byte >= 0x80
}

/// Whether an expression or statement follows a word, one level deeper.
fn is_prefix(word: &[u8]) -> bool {
    const WORDS: [&[u8]; 18] = [
        b"await",
        b"typeof",
        b"void",
        b"new",
        b"delete",
        b"yield",
        b"else",
        b"if",
        b"for",
        b"while",
        b"do",
        b"with",
        b"keyof",
        b"readonly",
        b"unique",
        b"infer",
        b"extends",
        b"async",
    ];
    WORDS.contains(&word)
}
