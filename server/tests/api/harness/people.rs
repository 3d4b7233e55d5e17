//! People who are signed in, with the forms that they send.

use server::{
    auth::{
        role::Role,
        session::{self, COOKIE},
    },
    commands::users::{self, NewUser},
    keys::{Purpose, token_hash},
};

use super::{Answer, Ask, TestApp};

/// A signed-in person.
pub(crate) struct Person<'a> {
    app: &'a TestApp,
    /// Public id.
    pub(crate) id: String,
    cookie: String,
    csrf: String,
}

impl TestApp {
    /// Somebody with this role, both factors given.
    pub(crate) async fn signed_in(&self, role: Role) -> Person<'_> {
        self.signed_in_as(role, role.slug()).await
    }

    /// One of several with this role.
    pub(crate) async fn signed_in_as(&self, role: Role, name: &str) -> Person<'_> {
        let mut tx = self.app.store.write().await.expect("a transaction");
        let new = NewUser {
            email: format!("{name}@example.com"),
            name: format!("Somebody ({name})"),
            role,
            password_hash: "not a hash: nobody signs in with it".into(),
            totp_secret: vec![1; 20],
            is_enrolled: true,
        };
        let user = users::create_user(&mut tx, &self.ctx(), &self.app.keys, new).await.expect("a person");
        let cookie = session::begin(&mut tx, &user, true, "test", self.now(), None).await.expect("a session");
        tx.commit().await.expect("a commit");
        let cookie = cookie.to_str().expect("text").split(';').next().unwrap_or_default().to_owned();
        let value = cookie.strip_prefix(&format!("{COOKIE}=")).expect("our cookie");
        let csrf = self.app.keys.token(Purpose::Form, &[&token_hash(value)]);
        Person { app: self, id: user, cookie, csrf }
    }
}

impl Person<'_> {
    /// Opens a page.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        Ask::get(path).header("cookie", &self.cookie).send(self.app.address).await
    }

    /// Sends a form as their browser would, with the token that it carries.
    pub(crate) async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut fields = fields.to_vec();
        fields.push(("csrf", &self.csrf));
        self.form(path, &fields).send(self.app.address).await
    }

    /// A form with these fields alone, for a test to spoil.
    pub(crate) fn form(&self, path: &str, fields: &[(&str, &str)]) -> Ask {
        let body = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
        Ask::post(path)
            .header("cookie", &self.cookie)
            .header("origin", self.app.app.config.origin())
            .header("sec-fetch-site", "same-origin")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body)
    }
}
