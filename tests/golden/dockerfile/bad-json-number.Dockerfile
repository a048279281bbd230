FROM a
CMD ["a", 42]
