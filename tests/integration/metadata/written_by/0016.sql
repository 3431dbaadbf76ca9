UPDATE recordings SET sound_sha256 = repeat('ab', 32) WHERE sha256 IS NOT NULL;
