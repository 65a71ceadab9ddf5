//! How much stack a text needs: oxc's parser goes down once for every bracket, prefix and arrow that is open.

/// The stack that any file gets, in bytes.
pub(super) const USUAL: usize = 2 * 1024 * 1024;

/// The most that one gets.
const MOST: usize = 1024 * 1024 * 1024;

/// What one level takes at most.
const LEVEL: usize = if cfg!(debug_assertions) { 24 * 1024 } else { 6 * 1024 };

/// The stack in bytes that suffices to parse a text; `None` where that is more than there is.
pub(super) fn stack(text: &str) -> Option<usize> {
    let size = USUAL + depth(text) * LEVEL;
    (size <= MOST).then_some(size)
}

/// No expression or statement of the text is nested deeper: every bracket, prefix, arrow, `?`, and keyword that takes a statement since the
/// last `;` or `,` may be a level of its own. Those in strings and comments are counted as well, which at worst asks for too much.
fn depth(text: &str) -> usize {
    let (mut depth, mut deepest) = (0usize, 0usize);
    let mut around: Vec<usize> = Vec::new();
    let mut word: Option<usize> = None;
    for (at, &byte) in text.as_bytes().iter().enumerate() {
        if byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80 {
            word = word.or(Some(at));
            continue;
        }
        if let Some(start) = word.take() {
            depth += usize::from(is_prefix(&text.as_bytes()[start..at]));
        }
        match byte {
            b'(' | b'[' | b'{' => {
                around.push(depth);
                depth += 1;
            }
            // What was in the brackets is over, but what follows them may still be inside of what they belong to.
            b')' | b']' | b'}' => depth = around.pop().map_or(depth, |before| before + 1),
            b';' | b',' => depth = around.last().map_or(0, |before| before + 1),
            b'<' | b'!' | b'~' | b'-' | b'+' | b'=' | b'?' | b':' | b'*' => depth += 1,
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
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
