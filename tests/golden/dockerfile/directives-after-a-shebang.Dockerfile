#!/usr/bin/env docker-build
# syntax=a/b
FROM a
