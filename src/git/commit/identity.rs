//! Who makes commits, and when: as git reads it from its variables and its configuration.

use git2::{Signature, Time};

use crate::git::{GitError, Repo};

/// Who commits are made by.
pub struct Identity {
    /// The author.
    pub author: Signature<'static>,
    /// The committer.
    pub committer: Signature<'static>,
}

impl Repo {
    /// Who commits: from git's variables in the environment (`GIT_AUTHOR_NAME`, `GIT_AUTHOR_EMAIL`, `GIT_AUTHOR_DATE`, the same of the
    /// committer), else from its configuration (`author.name`, `committer.name`, `user.name`, and so on). An address may also be that
    /// of `EMAIL`, unless `user.useConfigOnly` is set. Unlike git, nothing is made up from the names of the user and the computer.
    ///
    /// # Errors
    /// Nothing says who, or a date is none.
    pub fn identity(&self) -> Result<Identity, GitError> {
        Ok(Identity { author: self.signature("author")?, committer: self.signature("committer")? })
    }

    fn signature(&self, role: &str) -> Result<Signature<'static>, GitError> {
        let config = self.inner.config()?;
        let prefix = format!("GIT_{}", role.to_ascii_uppercase());
        let part = |what: &str| {
            let set = variable(&format!("{prefix}_{}", what.to_ascii_uppercase()));
            let configured =
                |section: &str| config.get_string(&format!("{section}.{what}")).ok().filter(|name| !name.is_empty());
            set.or_else(|| configured(role)).or_else(|| configured("user"))
        };
        let is_config_only = config.get_bool("user.useConfigOnly").unwrap_or(false);
        let name = part("name").ok_or(GitError::NoIdentity)?;
        let other = || if is_config_only { None } else { variable("EMAIL") };
        let email = part("email").or_else(other).ok_or(GitError::NoIdentity)?;
        let (name, email) = (plain(&name), plain(&email));
        let now = Signature::now(&name, &email).map_err(|_| GitError::NoIdentity)?;
        let variable_name = format!("{prefix}_DATE");
        let Some(date) = variable(&variable_name) else { return Ok(now) };
        let offset = now.when().offset_minutes();
        let when = parse(&date, offset).ok_or(GitError::BadDate { variable: variable_name, value: date })?;
        Signature::new(&name, &email, &when).map_err(|_| GitError::NoIdentity)
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// A name without what would end it in a commit, as git leaves it out.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !matches!(c, '<' | '>' | '\n' | '\0')).collect()
}

/// Reads a date in one of git's documented forms: `1112911993 +0200` (also with `@`), `2005-04-07T22:13:13+02:00`,
/// `Thu, 07 Apr 2005 22:13:13 +0200`. Without a zone, it is one of the zone that is given, in minutes.
fn parse(text: &str, zone: i32) -> Option<Time> {
    let text = text.trim();
    internal(text, zone).or_else(|| iso(text, zone)).or_else(|| mail(text, zone))
}

fn internal(text: &str, zone: i32) -> Option<Time> {
    let is_marked = text.starts_with('@');
    let mut words = text.trim_start_matches('@').split_whitespace();
    let seconds = words.next()?;
    // As git has it, a shorter number is no time unless it is marked.
    let is_seconds = seconds.bytes().all(|byte| byte.is_ascii_digit()) && (is_marked || seconds.len() >= 9);
    let offset = words.next().map_or(Some(zone), self::zone)?;
    (is_seconds && words.next().is_none()).then(|| seconds.parse().ok())?.map(|seconds| Time::new(seconds, offset))
}

fn iso(text: &str, zone: i32) -> Option<Time> {
    let (date, rest) = text.split_once(['T', ' '])?;
    let mut date = date.split(['-', '.']);
    let (year, month, day) = (date.next()?, date.next()?.parse().ok()?, date.next()?.parse().ok()?);
    if year.len() != 4 || date.next().is_some() {
        return None;
    }
    at(year.parse().ok()?, month, day, rest, zone)
}

fn mail(text: &str, zone: i32) -> Option<Time> {
    const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
    let text = text.split_once(',').map_or(text, |(_, rest)| rest).trim();
    let mut words = text.splitn(4, char::is_whitespace);
    let day = words.next()?.parse().ok()?;
    let name = words.next()?.to_ascii_lowercase();
    let month = MONTHS.iter().position(|month| name.starts_with(month))? as u32 + 1;
    let year = words.next().filter(|year| year.len() == 4)?.parse().ok()?;
    at(year, month, day, words.next()?, zone)
}

/// A day with the time of day and perhaps a zone behind it: `22:13:13 +0200`.
fn at(year: i64, month: u32, day: u32, rest: &str, zone: i32) -> Option<Time> {
    let rest = rest.trim();
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != ':' && c != '.').unwrap_or(rest.len());
    let (time, offset) = rest.split_at(end);
    let mut time = time.split(':');
    let mut next = || time.next();
    let (hour, minute): (i64, i64) = (next()?.parse().ok()?, next()?.parse().ok()?);
    // Fractions of a second are left out.
    let second: i64 = next().map_or(Some(0), |second| second.split('.').next()?.parse().ok())?;
    let is_sound = (1..=12).contains(&month) && (1..=31).contains(&day) && hour < 24 && minute < 60 && second <= 60;
    if !is_sound {
        return None;
    }
    let offset = if offset.trim().is_empty() { zone } else { self::zone(offset.trim())? };
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - i64::from(offset) * 60;
    Some(Time::new(seconds, offset))
}

/// The days from 1970-01-01 to a day of the Gregorian calendar.
fn days(year: i64, month: u32, day: u32) -> i64 {
    // Years that begin in March have their odd day at the end.
    let (year, month) = if month > 2 { (year, i64::from(month) - 3) } else { (year - 1, i64::from(month) + 9) };
    let of_year = (153 * month + 2) / 5 + i64::from(day) - 1;
    year * 365 + year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400) + of_year - 719_468
}

/// The minutes of a zone: `+0200`, `-05:30`, `Z`.
fn zone(text: &str) -> Option<i32> {
    if matches!(text, "Z" | "z" | "UTC" | "GMT") {
        return Some(0);
    }
    let (sign, digits) = match text.split_at_checked(1)? {
        ("+", digits) => (1, digits.replace(':', "")),
        ("-", digits) => (-1, digits.replace(':', "")),
        _ => return None,
    };
    let number: i32 = digits.parse().ok().filter(|_| digits.len() == 4)?;
    Some(sign * (number / 100 * 60 + number % 100))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_in_gits_forms() {
        let read = |text: &str| parse(text, 60).map(|time| (time.seconds(), time.offset_minutes()));
        let wanted = Some((1_112_904_793, 120));
        for text in [
            "1112904793 +0200",
            "@1112904793 +0200",
            "2005-04-07T22:13:13+0200",
            "2005-04-07 22:13:13 +02:00",
            "2005.04.07T22:13:13.5+02:00",
            "Thu, 07 Apr 2005 22:13:13 +0200",
            "7 April 2005 22:13:13 +0200",
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
        assert_eq!(read("2005-04-07T20:13:13Z"), Some((1_112_904_793, 0)));
        assert_eq!(read("2005-04-07T21:13:13"), Some((1_112_904_793, 60)), "here");
        assert_eq!(read("@0 +0000"), Some((0, 0)));
        assert_eq!(read("2000-02-29T00:00Z"), Some((951_782_400, 0)));
        for text in [
            "yesterday",
            "12",
            "2005-13-01T00:00:00",
            "2005-04-07T9223372036854775807:00",
            "2005-04-07",
            "Thu, 07 Foo 2005 22:13:13",
            "2005-04-07T22:13:13 CEST",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
