//! What owners are told by mail.

use domain::clock::MINUTE;

use super::bench::{Bench, decoded, header, on_both};
use crate::{
    auth::role::Role,
    commands::{
        Ctx,
        subscribe::export,
        users::{self, NewUser},
    },
    worker::timers::send_owner_notices,
};

pub(super) async fn person(bench: &Bench, name: &str, role: Role) {
    let mut tx = bench.app.store.write().await.unwrap();
    let new = NewUser {
        email: format!("{name}@example.com"),
        name: name.into(),
        role,
        password_hash: "not a hash".into(),
        totp_secret: vec![1; 20],
        is_enrolled: true,
    };
    users::create_user(&mut tx, &bench.ctx(), &bench.app.keys, new).await.unwrap();
    tx.commit().await.unwrap();
}

on_both! {
    async fn every_owner_hears_of_an_export_even_when_the_relay_was_down(bench) {
        person(bench, "ana", Role::Owner).await;
        person(bench, "ben", Role::Owner).await;
        person(bench, "cid", Role::Commander).await;
        bench.subscriber("ada@example.org", &[]).await;
        let (before, mut tx) = (bench.mails().len(), bench.app.store.write().await.unwrap());
        let ctx = Ctx { actor_name: "ana".into(), ..bench.ctx() };
        assert_eq!(export::export(&mut tx, &ctx, &bench.app.config, None).await.unwrap(), 1);
        tx.commit().await.unwrap();
        bench.relay_down();
        assert_eq!(send_owner_notices(&bench.app, &bench.senders).await.unwrap(), 2);
        assert_eq!(send_owner_notices(&bench.app, &bench.senders).await.unwrap(), 0, "not before its time");
        bench.relay_up(None).await;
        bench.pass(MINUTE);
        assert_eq!(send_owner_notices(&bench.app, &bench.senders).await.unwrap(), 2);
        bench.pass(MINUTE);
        assert_eq!(send_owner_notices(&bench.app, &bench.senders).await.unwrap(), 0);
        let mails = bench.mails().split_off(before);
        let mut to: Vec<&str> = mails.iter().map(|m| header(m, "Delivered-To")).collect();
        to.sort_unstable();
        assert_eq!(to, ["ana@example.com", "ben@example.com"]);
        for mail in &mails {
            let said = decoded(mail);
            assert!(header(mail, "Subject").starts_with("ana exported 1 subscriber on 2 Mar 2026"), "{mail}");
            assert!(said.contains("/console/subscribers") && !said.contains("ada@example.org"), "{said}");
        }
    }
}
