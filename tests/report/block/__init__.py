"""Tests of the block report: its view, its parts and its formats, from measurements that tell a story."""
