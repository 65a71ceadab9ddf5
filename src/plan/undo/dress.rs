//! What a text wears besides what it says: the ends of its lines, and a byte order mark. Somebody may have changed these since, in the
//! whole file; that is no change of what its lines say.

use std::borrow::Cow;

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Texts of one file with the line ends and the byte order mark of another of its texts, as far as they agree about them.
pub(super) fn dressed_as<'t, const N: usize>(model: &[u8], texts: [&'t [u8]; N]) -> [Cow<'t, [u8]>; N] {
    let is_marked = |text: &[u8]| text.starts_with(BYTE_ORDER_MARK);
    let agreed = |wears: &dyn Fn(&[u8]) -> Option<bool>| {
        let all: Vec<bool> = texts.iter().filter_map(|text| wears(text)).collect();
        let first = *all.first()?;
        let wanted = wears(model)?;
        (all.iter().all(|one| *one == first) && first != wanted).then_some(wanted)
    };
    let (crlf, mark) = (agreed(&has_crlf), agreed(&|text| Some(is_marked(text)).filter(|_| !text.is_empty())));
    texts.map(|text| {
        let mut text = Cow::Borrowed(text);
        if let Some(crlf) = crlf {
            text = Cow::Owned(with_ends(&text, crlf));
        }
        match mark {
            Some(true) if !text.is_empty() => Cow::Owned([BYTE_ORDER_MARK, &text].concat()),
            Some(false) if is_marked(&text) => Cow::Owned(text[BYTE_ORDER_MARK.len()..].to_vec()),
            _ => text,
        }
    })
}

/// Whether the lines of a text end in CRLF, or in LF; `None` where there is no end, or both.
fn has_crlf(text: &[u8]) -> Option<bool> {
    let mut ends = text.split_inclusive(|&byte| byte == b'\n').filter(|line| line.ends_with(b"\n"));
    let first = ends.next()?.ends_with(b"\r\n");
    ends.all(|line| line.ends_with(b"\r\n") == first).then_some(first)
}

/// A text whose lines all end in CRLF, or all in LF, which now end in the other.
fn with_ends(text: &[u8], crlf: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len() + 64);
    for line in text.split_inclusive(|&byte| byte == b'\n') {
        match line.strip_suffix(b"\n") {
            None => out.extend_from_slice(line),
            Some(line) if crlf => out.extend_from_slice(&[line, b"\r\n"].concat()),
            Some(line) => out.extend_from_slice(&[line.strip_suffix(b"\r").unwrap_or(line), b"\n"].concat()),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dressed(model: &str, texts: [&str; 2]) -> [String; 2] {
        let dressed = dressed_as(model.as_bytes(), texts.map(str::as_bytes));
        dressed.map(|text| String::from_utf8(text.into_owned()).unwrap())
    }

    #[test]
    fn texts_wear_what_their_file_wears_now() {
        assert_eq!(dressed("x\r\n", ["a\nb\n", "c"]), ["a\r\nb\r\n", "c"]);
        assert_eq!(dressed("x\n", ["a\r\nb", "c\r\n"]), ["a\nb", "c\n"]);
        assert_eq!(dressed("\u{feff}x\n", ["a\n", ""]), ["\u{feff}a\n", ""]);
        assert_eq!(dressed("x\n", ["\u{feff}a\r\n", "\u{feff}b\r\n"]), ["a\n", "b\n"]);
    }

    #[test]
    fn what_the_step_changed_or_nobody_agrees_about_stays() {
        for (model, texts) in [
            ("x\n", ["a\nb\r\n", "c\n"]),
            ("x\r\n", ["a\n", "b\r\n"]),
            ("x", ["a\r\n", "b\r\n"]),
            ("x\r\ny\n", ["a\n", "b\n"]),
            ("\u{feff}x", ["\u{feff}a", "b"]),
        ] {
            assert_eq!(dressed(model, texts), texts, "{model:?}");
        }
    }
}
