//! Every line of the route table against every role, and against those who should not get in.

use http::Method;
use server::{
    auth::role::{Permission, Role},
    http::routes::{Access, GUARDED},
};

use crate::harness::Ask;

fn concrete(path: &str) -> String {
    path.replace("{id}", "aaaaaaaaaaaa").replace("{name}", "none.eml").replace("{token}", &"t".repeat(43))
}

fn roles() -> impl Iterator<Item = (&'static Method, String, Permission)> {
    GUARDED.iter().filter_map(|(method, path, access)| match access {
        Access::Role(permission) | Access::Sure(permission) => Some((method, concrete(path), *permission)),
        _ => None,
    })
}

api_tests! {
    async fn a_role_may_do_what_the_table_says_and_no_more(app) {
        for role in Role::ALL {
            let person = app.signed_in(role).await;
            for (method, path, permission) in roles() {
                let answer = match *method {
                    Method::GET => person.get(&path).await,
                    _ => person.send(&path, &[]).await,
                };
                let status = answer.status.as_u16();
                let is_asked = status == 403 && answer.text().contains("Is it you?");
                if role.may(permission) {
                    assert!(is_asked || ![401, 403, 405, 500].contains(&status), "{role:?} {method} {path}: {status}");
                } else {
                    assert!(status == 403 && !is_asked, "{role:?} {method} {path}");
                }
            }
        }
    }

    async fn only_forms_ask_for_both_factors_once_more(_app) {
        let sure = GUARDED.iter().filter(|(_, _, access)| matches!(access, Access::Sure(_)));
        assert!(sure.clone().count() > 0 && sure.clone().all(|(method, ..)| *method == Method::POST));
    }

    async fn nobody_gets_in_without_a_session(app) {
        for (method, path, _) in roles() {
            let ask = Ask::of(method.clone(), &path);
            let answer = match *method {
                Method::GET => ask.send(app.address).await,
                _ => ask.header("origin", app.app.config.origin()).send(app.address).await,
            };
            if *method == Method::GET {
                assert_eq!(answer.status.as_u16(), 303, "{path}");
                assert!(answer.header("location").starts_with("/console/sign-in"), "{path}");
            } else {
                assert_eq!(answer.status.as_u16(), 401, "{path}");
            }
        }
    }

    async fn a_form_from_elsewhere_changes_nothing(app) {
        let owner = app.signed_in(Role::Owner).await;
        for (_, path, _) in roles().filter(|(method, ..)| **method == Method::POST) {
            let no_token = owner.form(&path, &[]).send(app.address).await;
            assert_eq!(no_token.status.as_u16(), 403, "{path} without the form's token");
            let foreign = owner.form(&path, &[]).header("sec-fetch-site", "cross-site").send(app.address).await;
            assert_eq!(foreign.status.as_u16(), 403, "{path} from another site");
        }
    }

    async fn every_page_of_the_console_says_not_to_keep_it(app) {
        let owner = app.signed_in(Role::Owner).await;
        for path in ["/console", "/console/incidents", "/console/settings", "/console/people"] {
            let answer = owner.get(path).await;
            assert_eq!(answer.status.as_u16(), 200, "{path}");
            assert!(answer.header("cache-control").contains("no-store"), "{path}");
            assert!(answer.header("content-security-policy").contains("nonce-"), "{path}");
        }
    }
}
