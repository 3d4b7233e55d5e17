//! What the settings of mail mean together.

use delivery::email::{MailAddress, dkim::Signer};

use super::Smtp;

impl Smtp {
    /// What the types cannot check.
    pub(super) fn check(&self) -> Result<(), String> {
        if !matches!(self.security.as_str(), "none" | "starttls" | "tls") {
            return Err(format!("smtp.security: {:?} is not none, starttls or tls", self.security));
        }
        if !(1..=64).contains(&self.connections) {
            return Err(format!("smtp.connections: {} is not between 1 and 64", self.connections));
        }
        self.signer().map(drop)
    }

    /// Signs what leaves; none without a key.
    ///
    /// # Errors
    /// One sentence that names the setting and what is wrong with it; nothing of the key.
    pub fn signer(&self) -> Result<Option<Signer>, String> {
        let (file, selector, domain) = (&self.dkim_key_file, &self.dkim_selector, &self.dkim_domain);
        if file.as_os_str().is_empty() {
            return if selector.is_empty() && domain.is_empty() {
                Ok(None)
            } else {
                Err("smtp.dkim_key_file: it is empty, but smtp.dkim_selector or smtp.dkim_domain is set; \
                     no mail would be signed"
                    .into())
            };
        }
        if !is_name(selector) {
            return Err(format!(
                "smtp.dkim_selector: {selector:?} is not a name like mail2026; the public key is looked for at \
                 SELECTOR._domainkey.DOMAIN"
            ));
        }
        let from = MailAddress::parse(&self.from).map_err(|e| format!("smtp.from: {e}"))?;
        let domain = if domain.is_empty() { from.domain().to_owned() } else { domain.to_ascii_lowercase() };
        if !is_name(&domain) || !domain.contains('.') {
            return Err(format!("smtp.dkim_domain: {domain:?} is not a domain like example.com"));
        }
        if from.domain() != domain && !from.domain().ends_with(&format!(".{domain}")) {
            return Err(format!(
                "smtp.dkim_domain: smtp.from is of {}, which is neither {domain} nor below it; receivers would not \
                 count the signature as the sender's",
                from.domain()
            ));
        }
        let pem = std::fs::read(file)
            .map_err(|e| format!("smtp.dkim_key_file: {} cannot be read: {e}", file.display()))?;
        Signer::new(&pem, selector, &domain)
            .map(Some)
            .map_err(|e| format!("smtp.dkim_key_file: {}: {e}", file.display()))
    }

    /// The domain at which mail that unsubscribes is taken; none unless what comes back reaches us.
    #[must_use]
    pub fn unsubscribe_domain(&self) -> Option<String> {
        if self.hook_token.expose().is_empty() {
            return None;
        }
        MailAddress::parse(&self.bounces).ok().map(|b| b.domain().to_owned())
    }
}

/// A name of the domain name system, of one label or more.
fn is_name(name: &str) -> bool {
    name.len() <= 253
        && name.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
        })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use store::testing::TestDir;

    use crate::config::{Config, Smtp};

    fn smtp() -> Smtp {
        let mut smtp = Config::load(None).unwrap().smtp;
        smtp.from = "status@mail.example.com".into();
        smtp
    }

    fn key(name: &str) -> PathBuf {
        let keys = concat!(env!("CARGO_MANIFEST_DIR"), "/delivery/src/email/dkim/testkeys");
        PathBuf::from(keys).join(name)
    }

    #[test]
    fn a_key_signs_for_the_senders_domain_or_one_above_it() {
        assert!(smtp().signer().unwrap().is_none(), "no key, no signature");
        for (domain, signs_for) in [("", "mail.example.com"), ("Example.com", "example.com")] {
            let smtp = Smtp {
                dkim_key_file: key("rsa.pem"),
                dkim_selector: "s1".into(),
                dkim_domain: domain.into(),
                ..smtp()
            };
            let signer = format!("{:?}", smtp.signer().unwrap().unwrap());
            assert_eq!(signer, format!("Signer(s1._domainkey.{signs_for}, rsa-sha256)"));
        }
    }

    #[test]
    fn whatever_is_wrong_with_it_is_said_with_the_name_of_the_setting() {
        let dir = TestDir::new();
        let garbage = dir.path().join("key.pem");
        std::fs::write(&garbage, "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n")
            .unwrap();
        for (file, selector, domain, sentence) in [
            (PathBuf::new(), "s1", "", "smtp.dkim_key_file: it is empty"),
            (key("rsa.pem"), "", "", "smtp.dkim_selector: \"\" is not a name"),
            (key("rsa.pem"), "s1;p=x", "", "smtp.dkim_selector"),
            (key("rsa.pem"), "s1", "com\r\nX: y", "smtp.dkim_domain"),
            (key("rsa.pem"), "s1", "com", "smtp.dkim_domain"),
            (key("rsa.pem"), "s1", "example.org", "smtp.dkim_domain: smtp.from is of mail.example.com"),
            (key("rsa.pem"), "s1", "ample.com", "smtp.dkim_domain: smtp.from is of mail.example.com"),
            (key("none.pem"), "s1", "", "smtp.dkim_key_file: "),
            (key("weak.pem"), "s1", "", "smtp.dkim_key_file: "),
            (garbage, "s1", "", "smtp.dkim_key_file: "),
        ] {
            let smtp = Smtp {
                dkim_key_file: file,
                dkim_selector: selector.into(),
                dkim_domain: domain.into(),
                ..smtp()
            };
            let error = smtp.check().unwrap_err();
            assert!(error.starts_with(sentence), "{error}");
            assert!(!error.contains("c2VjcmV0"), "{error}");
        }
    }
}
