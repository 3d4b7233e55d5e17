-- Endpoints that also want a signature which a public key proves (Standard Webhooks v1a).

ALTER TABLE subscribers ADD COLUMN is_key_signed BOOLEAN NOT NULL DEFAULT FALSE;
