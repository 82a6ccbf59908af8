"""The demo: a cloud-mask network on a constellation, through loss, rollout and rollback."""
