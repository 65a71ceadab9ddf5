//! Numbers and lists in words, for people.

/// A number with its thousands apart.
pub fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and a noun.
pub fn count(number_of: usize, noun: &str) -> String {
    format!("{} {noun}{}", number(number_of), if number_of == 1 { "" } else { "s" })
}

/// What stands behind the first so many of a longer list; `None` where that is all of it.
pub fn more(all: usize, shown: usize) -> Option<String> {
    (all > shown).then(|| format!("… and {} more", number(all - shown)))
}

/// The first so many of a list, a line each, and a line that says how many more there are.
pub fn first<T>(all: &[T], shown: usize, line: impl FnMut(&T) -> String) -> Vec<String> {
    all.iter().take(shown).map(line).chain(more(all.len(), shown)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_counted() {
        assert_eq!(more(3, 3), None);
        assert_eq!(more(1238, 4).as_deref(), Some("… and 1,234 more"));
        assert_eq!(first(&[1, 2, 3], 2, |number| format!("- {number}")), ["- 1", "- 2", "… and 1 more"]);
        assert_eq!((count(1, "file"), count(1000, "file")), ("1 file".to_owned(), "1,000 files".to_owned()));
    }
}
