//! What identifies a version, and its texts: the image, the git tags, deployments.json.
//! Source: Yelp/paasta cc57ae869d, paasta_tools/utils.py (DeploymentVersion, build_docker_image_name, get_paasta_tag).

use chrono::DateTime;

use crate::kernel::Time;

/// A commit, and the version of the image below it if it has one.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Version {
    /// The commit.
    pub sha: String,
    /// Counts images of the same commit.
    pub image_version: Option<String>,
}

impl Version {
    /// `<commit>`, or `<commit>+<image version>` as tags have it.
    pub fn parse(text: &str) -> Version {
        match text.split_once('+') {
            Some((sha, image)) => Version { sha: sha.to_owned(), image_version: Some(image.to_owned()) },
            None => Version { sha: text.to_owned(), image_version: None },
        }
    }

    /// The version as it is spoken of: `4c0ffee`, `4c0ffee+20260101`.
    pub fn text(&self) -> String {
        match &self.image_version {
            Some(image) => format!("{}+{image}", self.sha),
            None => self.sha.clone(),
        }
    }

    /// The image of a service at this version, without its registry.
    pub fn image(&self, service: &str) -> String {
        match &self.image_version {
            Some(image) => format!("services-{service}:paasta-{}-{image}", self.sha),
            None => format!("services-{service}:paasta-{}", self.sha),
        }
    }
}

/// True for what can be a commit here: letters, digits, `.`, `_` and `-`, and behind a `+` the same as an image version. PaaSTA
/// itself wants hexadecimal digits; names that read well in a rehearsal are taken too, and nothing that could not stand in a tag.
pub fn is_commit(text: &str) -> bool {
    let is_plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
    };
    let (sha, image) = text.split_once('+').map_or((text, None), |(sha, image)| (sha, Some(image)));
    is_plain(sha) && image.is_none_or(is_plain)
}

/// What a tag says of a deploy group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// It should run the commit.
    Deploy,
    /// The commit is bad.
    Rollback,
}

/// A git tag.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tag {
    /// The deploy group.
    pub group: String,
    /// What it stands at.
    pub version: Version,
    /// When it was pushed.
    pub at: Time,
    /// What it says.
    pub verb: Verb,
}

impl Tag {
    /// `paasta-<group>[+<image version>]-<YYYYmmddTHHMMSS>-deploy`.
    pub fn text(&self, epoch_seconds: i64) -> String {
        let image = self.version.image_version.as_ref().map_or(String::new(), |image| format!("+{image}"));
        let verb = match self.verb {
            Verb::Deploy => "deploy",
            Verb::Rollback => "rollback",
        };
        format!("paasta-{}{image}-{}-{verb}", self.group, stamp(self.at, epoch_seconds))
    }
}

/// An instant of the run as `datetime_to_timestamp` writes it.
fn stamp(at: Time, epoch_seconds: i64) -> String {
    let since_epoch = i64::try_from(at.nanos() / 1_000_000_000).unwrap_or(i64::MAX);
    let shown = DateTime::from_timestamp(epoch_seconds.saturating_add(since_epoch), 0).unwrap_or_default();
    shown.format("%Y%m%dT%H%M%S").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Duration;

    #[test]
    fn commits_can_stand_in_tags() {
        for text in ["4c0ffee", "4c0ffee+7", "v1.2_rc-3"] {
            assert!(is_commit(text), "{text}");
        }
        for text in ["", "+7", "4c0ffee+", "a+b+c", "4c0 ffee", "a/b", "é"] {
            assert!(!is_commit(text), "{text}");
        }
    }

    #[test]
    fn tags_are_those_of_the_source() {
        let at = Time::ZERO + Duration::from_secs(3661);
        let version = Version::parse("4c0ffee+2026a");
        let tag = Tag { group: "prod.canary".into(), version, at, verb: Verb::Deploy };
        assert_eq!(tag.text(1_767_225_600), "paasta-prod.canary+2026a-20260101T010101-deploy");
        let tag = Tag { version: Version::parse("4c0ffee"), verb: Verb::Rollback, ..tag };
        assert_eq!(tag.text(0), "paasta-prod.canary-19700101T010101-rollback");
        assert_eq!(tag.version.image("shop"), "services-shop:paasta-4c0ffee");
    }
}
