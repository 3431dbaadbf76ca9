from ai2text.metadata.main import main

if __name__ == "__main__":
    main()
